"""Given a real broker: through wrong clocks, stops and rebalances each moment comes once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter

import pytest

from build import START, SUBJECT, customer, updated
from fetched import Fetched, fetched
from renewals_stage import AHEAD_S, HOUR, renewing, settings, ticks, told, until_told
from worker_process import until
from worker_stage import PARTITIONS, Stage, stage


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


def other_event(number: int) -> Fetched:
    body = updated(customer("cus_other", name=f"Name {number}"), at=START + number)
    return fetched(body, key=b"main/-/live/cus_other", partition=0)


async def until_this_many_told(here: Stage, count: int) -> None:
    async def is_told() -> bool:
        return len(await told(here)) >= count

    await until(is_told)


async def test_a_clock_that_is_an_hour_ahead_tells_nothing_before_its_time(here):
    worker = here.start(ahead_s=HOUR)
    await worker.ready()
    now = int(time.time())
    # Further ahead than the fold believes a tick to be: it asks the broker what time it is.
    await here.append([*settings(), renewing(now, now + HOUR + HOUR // 2, 0)])
    await worker.until_told('subfold_ticks_total{outcome="ignored"} 1.0')
    due = int(time.time()) + AHEAD_S
    await here.append([renewing(now, due + HOUR, 1)])
    await until_told(here)
    await here.until_done()

    [(kind, _, data)] = await told(here)
    assert (kind, data["cause"]["kind"]) == ("automation.triggered", "tick")
    assert {tick.partition: tick.timestamp >= due * 1000 for tick in await ticks(here)} == {
        0: False,
        1: True,
    }
    assert '"ticks_ignored"' in worker.text
    await here.judge()


async def test_a_worker_that_was_frozen_does_not_tell_again_what_another_has_told(here):
    frozen = here.start()
    await frozen.ready()
    now = int(time.time())
    await here.append([*settings(), renewing(now, now + HOUR + AHEAD_S)])
    await here.until_done()
    frozen.signal(signal.SIGSTOP)
    here.start()
    await until_told(here)
    frozen.signal(signal.SIGCONT)
    await frozen.ready()
    # Long enough for its clock to look around, whatever it still believed to be its own.
    await asyncio.sleep(2)

    await here.until_done()
    assert [kind for kind, _, _ in await told(here)] == ["automation.triggered"]
    await here.judge()


async def test_workers_come_and_go_while_moments_come(here):
    first = here.start()
    await first.ready()
    now, count = int(time.time()), 60
    subjects = [f"main/-/live/cus_{number}" for number in range(count)]
    await here.append(
        [
            *settings(),
            *(
                # From before the second worker comes, to when the first has long been gone.
                renewing(now, now + HOUR + 2 + number // 3, number % PARTITIONS, subject)
                for number, subject in enumerate(subjects)
            ),
        ]
    )
    second = here.start()
    await second.ready()
    first.kill()

    await until_this_many_told(here, count)
    await here.until_done()
    found = await told(here)
    assert {kind for kind, _, _ in found} == {"automation.triggered"}
    assert set(Counter(id for _, id, _ in found).values()) == {1}
    assert len(found) == count
    assert len(await ticks(here)) >= count
    await here.judge()


async def test_what_a_stranger_has_aborted_at_the_end_of_the_log_does_not_stop_the_clock(here):
    worker = here.start()
    await worker.ready()
    now = int(time.time())
    await here.append([*settings(), renewing(now, now + HOUR + AHEAD_S)])
    await here.until_done()
    await here.append_in_transaction(map(other_event, range(20)), commits=False)

    await until_told(here)
    [tick] = await ticks(here)
    assert tick.key == SUBJECT.encode()
    assert worker.process.poll() is None
    await here.judge()
