"""Given a verb at work: it hears who asks it to stop, and says what becomes of its work."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess

import orjson
import pytest

from fake_stripe.world import World
from streams.source.backfill import BackfillState
from streams.source.log_writer import kept, read_state
from worker_process import SUBFOLD, until

ENDS_S = 60


@pytest.fixture
def world() -> World:
    return World(customers=5, quiet=300)


async def stopped(edge, number: signal.Signals, when, *words: str) -> tuple[int, str]:
    """Start a verb, send it a signal when it is so far; exit code and all that it said."""
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        [SUBFOLD, *words],
        cwd=edge.here.folder,
        env=edge.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        await until(when)
        process.send_signal(number)
        said, _ = await asyncio.to_thread(process.communicate, timeout=ENDS_S)
    finally:
        process.kill()
    return process.returncode, re.sub(r"\s+", " ", said)


def asked(edge, what: str, times: int = 1):
    async def is_asked() -> bool:
        return edge.fake.requests[what] >= times

    return is_asked


async def test_sigterm_is_heard_by_catch_up_and_by_enrich(edge):
    follows = await stopped(
        edge, signal.SIGTERM, asked(edge, "GET /v1/account"), "catch-up", "--follow"
    )
    enriches = await stopped(edge, signal.SIGTERM, asked(edge, "GET /v1/account", 2), "enrich")

    assert (follows[0], enriches[0]) == (0, 0), (follows, enriches)
    assert "Traceback" not in follows[1] + enriches[1]


async def test_a_back_fill_that_is_broken_off_says_that_it_goes_on_where_it_was(edge):
    edge.fake.faults.latency_s = 0.2

    code, said = await stopped(edge, signal.SIGINT, asked(edge, "GET /v1/customers", 2), "backfill")

    assert code == 130
    assert "`subfold backfill` goes on where it was" in said
    assert "Traceback" not in said


async def test_a_check_that_is_broken_off_says_that_nothing_is_proved(edge):
    await edge.run("backfill", "--no-history")
    edge.fake.faults.latency_s = 0.5

    code, said = await stopped(
        edge, signal.SIGINT, asked(edge, "GET /v1/subscriptions", 5), "reconcile"
    )

    assert code == 130
    assert "nothing is proved" in said
    assert "Traceback" not in said


async def test_what_is_whole_stays_so_while_it_is_done_again(edge):
    await edge.run("backfill", "--no-history")
    [before] = orjson.loads((await edge.run("status", "--json")).stdout)["sources"]
    customers = edge.fake.requests["GET /v1/customers"]
    edge.fake.faults.latency_s = 0.2

    await stopped(
        edge,
        signal.SIGINT,
        asked(edge, "GET /v1/customers", customers + 2),
        *("backfill", "--again", "--no-history"),
    )

    edge.fake.faults.latency_s = 0
    states = await kept(edge.here.kafka)
    assert read_state(BackfillState, states["main/-/test/backfill"]).completed_at is None
    [after] = orjson.loads((await edge.run("status", "--json")).stdout)["sources"]
    assert before["backfill_percent"] == after["backfill_percent"] == 100
    done = await edge.run("backfill", "--no-history", "--json")
    assert orjson.loads(done.stdout)["state"]["completed_at"]
