"""Given a real worker and a record that kills its process whenever it is folded."""

from __future__ import annotations

import signal

import orjson
import pytest

from build import START, customer, updated
from crashing_worker import DEADLY
from fetched import Fetched, fetched
from schemas.errors import DeadLetterReason
from streams.log.topics import CUSTOMERS, DEAD_LETTERS
from streams.replay.replay import Plan, replay
from streams.worker.exits import Exit
from streams.worker.quarantine import TRIES
from test_replay import changelog, put
from worker_process import until
from worker_stage import stage


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


def named(id_: str, number: int) -> Fetched:
    body = updated(customer(id_, name=f"Name {number}"), at=START + number)
    return fetched(body, key=f"main/-/live/{id_}".encode(), partition=0)


async def deaths_until_done(here) -> int:
    """Start workers, one after another, until one lives and has folded all."""
    ends = await here.ends()
    deaths = 0
    worker = here.start(dying_at="deadly")

    async def is_done() -> bool:
        nonlocal worker, deaths
        if worker.process.poll() is not None:
            assert worker.process.returncode == -signal.SIGKILL, worker.text
            deaths += 1
            worker = here.start(dying_at="deadly")
        return await here.are_folded(ends)

    await until(is_done)
    assert await worker.stop() == 0
    return deaths


async def test_it_is_buried_unfolded_after_it_killed_three_starts_that_tried_it_alone(here):
    deadly = named(DEADLY.decode(), 0)
    others = [named(f"cus_{number % 7}", number) for number in range(90)]
    await here.append([*others[:20], deadly, *others[20:]])

    # First in a transaction of many records.
    assert await deaths_until_done(here) == 1 + TRIES

    assert '"record_quarantined"' in here.workers[-1].text
    [[letter], _] = await here.read(DEAD_LETTERS)
    assert (letter.key, letter.value) == (deadly.key, deadly.value)
    words = dict(letter.headers)
    assert words["reason"] == DeadLetterReason.CRASH.value.encode()
    assert words["__connect.errors.offset"] == b"20"
    [rows, _] = await here.read(CUSTOMERS)
    assert {each.key for each in rows} == {each.key for each in others}


async def test_a_replay_leaves_it_out_and_a_redrive_folds_it(here):
    deadly = named(DEADLY.decode(), 0)
    await here.append([deadly, named("cus_1", 1)])
    await deaths_until_done(here)

    plan = Plan(deployment=here.deployment)
    found = await replay(plan, 0, lambda _, __: None)
    assert (found.rows, found.differences) == (1, ())

    redriven = await here.run("dlq", "redrive", "--reason", "crash", "--why", "mended")
    assert redriven.returncode == 0, redriven.stdout + redriven.stderr
    here.start()
    await here.until_done()
    [rows, _] = await here.read(CUSTOMERS)
    assert deadly.key in {each.key for each in rows}


async def test_a_topic_that_cannot_be_written_is_no_fault_of_the_record(here):
    await here.append([named("cus_1", 1), named("cus_2", 2)])
    for _ in range(TRIES + 3):
        assert await here.start(dying_at="refused").ended() == Exit.KAFKA

    here.start()
    await here.until_done()
    assert await here.read(DEAD_LETTERS) == [[], []]
    [rows, _] = await here.read(CUSTOMERS)
    assert len(rows) == 2


async def test_a_worker_that_stops_with_a_reason_blames_no_record(here):
    """A row of a newer release stops each start; none of them may bury what it was about."""
    await here.append([named("cus_1", 1)])
    worker = here.start()
    await here.until_done()
    assert await worker.stop() == 0
    [rows, _] = await here.read(changelog(here))
    row = orjson.loads({each.key: each.value for each in rows}[b"main/-/live/cus_1"])
    newer = orjson.dumps({**row, "schema_version": row["schema_version"] + 1})
    await put(here, 0, b"main/-/live/cus_1", newer)
    await here.append([named("cus_1", 2)])

    for _ in range(TRIES + 2):
        assert await here.start().ended() == Exit.NEWER_ROW

    assert await here.read(DEAD_LETTERS) == [[], []]
