"""Given processes that kill themselves at named points: the next one goes on, and nothing is wrong.

The points of the clock are in tests/worker/test_clock.py.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer

import crashing_ingest
import crashing_replay
from crashing_worker import FOLD_POINTS, TAKEOVER_POINTS
from ingest_process import SUBFOLD, running
from load import Load
from on_stage import hidden, records, verdict
from streams.log.topics import LOG
from worker_stage import stage

LOAD = Load(seed=3)
EACH = 250
"""Events for each process that dies: more than the transactions it passes can hold."""


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


async def die_at(here, point: str, number: int) -> None:
    """Give some events, and have a worker die over them."""
    await here.append(records(LOAD, number * EACH, (number + 1) * EACH))
    assert await here.start(dying_at=point).ended() == -signal.SIGKILL, point


async def finish(here) -> None:
    here.start(dying_at="none")
    await here.until_done()
    assert await verdict(here) == []


async def test_killed_at_each_point_of_the_fold_a_fresh_worker_goes_on(here):
    for number, point in enumerate(FOLD_POINTS):
        await die_at(here, point, number)
    await finish(here)
    # What was sent and not committed is there, and no reader of committed records has seen it.
    assert await hidden(here) > 0


async def test_killed_while_it_takes_over_the_next_one_takes_over(here):
    await die_at(here, "before commit", 0)
    for number, point in enumerate(TAKEOVER_POINTS, start=1):
        await die_at(here, point, number)
    await finish(here)


async def test_what_the_door_has_answered_is_stored_wherever_it_was_killed(here, tmp_path, prefix):
    bodies = list(islice(LOAD.bodies(), 30))
    answered: list[bytes] = []
    program = Path(crashing_ingest.__file__)
    for point in (*crashing_ingest.POINTS, None):
        dying = (sys.executable, program, point) if point else (SUBFOLD, "ingest")
        async with running(
            tmp_path, str(here.kafka.bootstrap_servers), prefix, program=dying
        ) as door:
            await door.until("/readyz", 200)
            try:
                # As Stripe does: what was not answered with 2xx is sent again.
                for body in bodies[len(answered) :]:
                    assert (await door.send(body)).status == 200
                    answered.append(body)
            except aiohttp.ClientError:
                assert await asyncio.to_thread(door.process.wait) == -signal.SIGKILL

    stored = Counter(each.value for part in await here.read(LOG) for each in part)
    assert answered == bodies
    # What was appended before the kill and never answered is there twice.
    assert stored - Counter(bodies) == Counter([bodies[2 * crashing_ingest.STORED_BEFORE]])
    here.start(dying_at="none")
    await here.until_done()
    assert await verdict(here, answered) == []


async def lose_all_rows(here) -> None:
    topic = here.names.changelog.removeprefix(here.kafka.prefix)
    async with AIOKafkaProducer(bootstrap_servers=here.kafka.bootstrap_servers) as producer:
        for number, part in enumerate(await here.read(topic)):
            for key in {each.key for each in part}:
                await producer.send_and_wait(here.names.changelog, None, key=key, partition=number)


async def test_a_replay_that_is_killed_is_run_again_and_a_worker_goes_on(here):
    await here.append(records(LOAD, 0, EACH))
    worker = here.start(dying_at="none")
    await here.until_done()
    assert await worker.stop() == 0
    await lose_all_rows(here)
    program = [sys.executable, Path(crashing_replay.__file__)]
    for point in crashing_replay.POINTS:
        replay = here.start(program=[*program, point])
        assert await replay.ended() == -signal.SIGKILL, replay.text
    closed = here.start(dying_at="none")
    assert await closed.ended() == 76, closed.text

    replay = here.start(program=[*program, "none"])
    assert await replay.ended() == 0, replay.text
    await here.append(records(LOAD, EACH, 2 * EACH))
    await finish(here)
