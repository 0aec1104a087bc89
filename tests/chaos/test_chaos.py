"""Given load, and everything killed that can be: once it is healed and drained, nothing is wrong.

A short run is among all tests. `make chaos` takes `CHAOS_SECONDS` and `CHAOS_SEED`.
"""

from __future__ import annotations

import os
import secrets
from itertools import islice
from time import monotonic

from chaos import ACTIONS, Chaos, schedule
from ledger import judge_money
from load import Load
from on_stage import hidden, seen_on
from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.node import free_port
from verifier import TOLD, judge, summary
from worker_stage import stage

SECONDS = float(os.environ.get("CHAOS_SECONDS", "0"))
"""At least one round of all actions is done in any case."""
EVENTS_A_CUSTOMER = 150


async def test_whatever_is_killed_readers_find_everything_once(tmp_path, prefix, record_property):
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(2**32))
    print(f"seed {seed}")  # noqa: T201 - for a run that is broken off
    began_s = monotonic()
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        async with stage(tmp_path, kafka.bootstrap_servers, prefix) as here:
            load = Load(seed=seed, customers=40 + int(SECONDS))
            chaos = Chaos(here, kafka, tmp_path, seed, load, free_port())
            await chaos.run(SECONDS)
            seen = await seen_on(here, chaos.acknowledged)
            aborted = await hidden(here)
    found = [*judge(seen), *judge_money(seen)]
    told = sum(len(part) for topic in TOLD for part in seen.topics[topic])
    record_property(
        "for people",
        f"chaos, seed {seed}, {monotonic() - began_s:.0f} s:\n"
        f"  done: {_counted(chaos.done)}\n"
        f"  workers' exit codes: {_counted(chaos.exits)}; fenced {chaos.fenced} times\n"
        f"  judged: {len(chaos.acknowledged)} acknowledged events, "
        f"{sum(map(len, seen.log))} records, {told} updates and dead letters, "
        f"{aborted} records of aborted transactions that no reader has seen\n"
        f"  found: {summary(found)}",
    )
    assert found == [], f"seed {seed}"


def _counted(counts) -> str:
    return ", ".join(f"{name} {count}x" for name, count in sorted(counts.items()))


def test_one_seed_is_one_schedule_and_a_round_has_every_action():
    first, again = (list(islice(schedule(7), 3 * len(ACTIONS))) for _ in range(2))

    assert first == again
    assert first != list(islice(schedule(8), 3 * len(ACTIONS)))
    assert {action for _, action in first[: len(ACTIONS)]} == set(ACTIONS)
