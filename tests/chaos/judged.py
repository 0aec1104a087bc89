"""One run of chaos from its seed to its verdict."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from time import monotonic, time

import orjson

from chaos import Chaos
from clusters import Cluster
from ledger import judge_money
from load import Load
from moments import TRIGGERS, Moments, judge_moments
from on_stage import hidden, seen_on
from streams.log.embedded.node import free_port
from verifier import TOLD, Seen, judge, summary
from worker_stage import stage

SECONDS = float(os.environ.get("CHAOS_SECONDS", "0"))
"""At least one round of all actions is done in any case."""
AHEAD_S = 8
MOMENTS = 12
MOMENTS_A_SECOND = 2
ROUND_S = 15
SHOWN = 20
"""Of what is wrong."""


async def run(
    cluster: Cluster, folder: Path, prefix: str, record_property: Callable[[str, object], None]
) -> None:
    """Load, faults, healing; fails where anything is wrong."""
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(2**32))
    print(f"seed {seed}")  # noqa: T201 - for a run that is broken off
    began_s = monotonic()
    async with stage(folder, cluster.bootstrap_servers, prefix) as here:
        load, moments = Load(seed=seed, customers=40 + int(SECONDS)), _moments()
        chaos = Chaos(
            here=here,
            cluster=cluster,
            folder=folder,
            seed=seed,
            bodies=chain(moments.bodies(), load.bodies()),
            port=free_port(),
            last_due_s=moments.last_due_s,
        )
        await chaos.run(SECONDS)
        seen = await seen_on(here, chaos.acknowledged)
        aborted = await hidden(here)
    found = [*judge(seen), *judge_money(seen), *judge_moments(seen, moments.last_due_s)]
    record_property(
        "for people",
        f"chaos, seed {seed}, {monotonic() - began_s:.0f} s:\n"
        f"  done: {_counted(chaos.done)}\n"
        f"  answers of the door: {_counted(chaos.poster.answers)}\n"
        f"  workers' exit codes: {_counted(chaos.exits)}; fenced {chaos.fenced} times\n"
        f"  judged: {_sizes(seen)}, {aborted} records of aborted transactions that no reader has "
        "seen\n"
        f"  found: {summary(found)}",
    )
    assert found == [], "\n".join([f"seed {seed}", *map(str, found[:SHOWN])])


def _moments() -> Moments:
    """The last comes while there is still chaos, or in a short run soon after."""
    now_s = int(time())
    return Moments(
        seen_s=now_s,
        begins_s=now_s + AHEAD_S,
        lasts_s=ROUND_S + int(SECONDS),
        count=MOMENTS + MOMENTS_A_SECOND * int(SECONDS),
    )


def _sizes(seen: Seen) -> str:
    kinds = Counter(dict(record.headers)["kind"].decode() for part in seen.log for record in part)
    told = sum(len(part) for topic in TOLD for part in seen.topics[topic])
    moments = sum(map(len, seen.topics[TRIGGERS]))
    walks = sum(
        orjson.loads(record.value).get("origin") == "settings"
        for topic in TOLD
        for part in seen.topics[topic]
        for record in part
        if record.value
    )
    return (
        f"{len(list(seen.acknowledged))} acknowledged events, records {_counted(kinds)}; "
        f"{told} updates and dead letters, {moments} of them of moments, {walks} of settings"
    )


def _counted(counts: Counter) -> str:
    return ", ".join(f"{name} {count}x" for name, count in sorted(counts.items()))
