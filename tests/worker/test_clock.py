"""Given a real broker: the clock's ticks bring each moment once, whenever a worker dies."""

from __future__ import annotations

import time

import orjson
import pytest

from build import SUBJECT
from crashing_worker import POINTS
from fetched import Fetched, headers
from renewals_stage import AHEAD_S, HOUR, RULES, renewing, settings, ticks, told, until_told
from schemas.records import Kind
from schemas.settings import BusinessSettings
from streams.worker.changelog import read_rows
from worker_process import until
from worker_stage import PARTITIONS, stage


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


async def test_a_moment_comes_on_time_without_any_event(here):
    worker = here.start()
    await worker.ready()
    now = int(time.time())
    await here.append([*settings(), renewing(now, now + HOUR + AHEAD_S)])
    await until_told(here)
    await here.until_done()

    [(kind, _, data)] = await told(here)
    assert (kind, data["automation"], data["cause"]["kind"]) == (
        "automation.triggered",
        "soon",
        "tick",
    )
    assert len(await ticks(here)) == 1
    await worker.until_told('subfold_ticks_total{outcome="written"} 1.0')
    await worker.until_told('subfold_timers{partition="0"} 0.0')
    await here.judge()


@pytest.mark.parametrize("point", POINTS)
async def test_killed_around_a_tick_the_trigger_comes_once(here, point):
    worker = here.start(dying_at=point)
    await worker.ready()
    now = int(time.time())
    await here.append([*settings(), renewing(now, now + HOUR + AHEAD_S)])
    await worker.ended()

    await here.start().ready()
    await until_told(here)
    await here.until_done()
    assert [kind for kind, _, _ in await told(here)] == ["automation.triggered"]
    assert await ticks(here)
    await here.judge()


async def test_what_was_due_while_no_worker_ran_is_told_late(here):
    now = int(time.time())
    worker = here.start()
    past_at_first_sight = renewing(now, now + HOUR - 30, partition=1)
    await here.append([*settings(), renewing(now, now + HOUR + 2), past_at_first_sight])
    await here.until_done()
    assert await worker.stop() == 0

    async def is_past() -> bool:
        return time.time() > now + 3

    await until(is_past)
    await here.start().ready()

    async def is_told() -> bool:
        return len(await told(here)) == 2

    await until(is_told)
    await here.until_done()
    late = {kind: data["late_by_s"] for kind, _, data in await told(here)}
    assert late["automation.skipped"] >= 30
    assert late["automation.triggered"] >= 1
    await here.judge()


async def test_a_tick_that_is_there_twice_changes_nothing(here):
    worker = here.start()
    await worker.ready()
    now = int(time.time())
    await here.append([*settings(), renewing(now, now + HOUR + AHEAD_S)])
    await until_told(here)
    [tick] = await ticks(here)
    await here.append([tick, tick])
    await here.until_done()

    assert len(await told(here)) == 1
    await here.judge()


async def test_a_tick_too_far_ahead_is_ignored(here):
    now = int(time.time())
    tick = Fetched(
        partition=0,
        key=SUBJECT.encode(),
        value=orjson.dumps({"due_at": now + HOUR}),
        headers=headers(Kind.TICK, f"{SUBJECT}@{now + HOUR}"),
    )
    worker = here.start()
    await here.append([*settings(), renewing(now, now + HOUR + HOUR), tick])
    await here.until_done()

    assert await told(here) == []
    await worker.until_told('subfold_events_total{outcome="ignored"} 1.0')
    await here.judge()


async def test_all_rows_can_be_read_beside_the_worker(here):
    now = int(time.time())
    here.start()
    await here.append(
        [*settings(), renewing(now, now + 9 * HOUR), renewing(now, now + 9 * HOUR, 1)]
    )
    await here.until_done()
    passed, found = [], []

    async def is_read() -> bool:
        found[:] = await read_rows(here.deployment, lambda done, of: passed.append((done, of)))
        return all(each.stored for each in found)

    await until(is_read)
    assert [list(each.stored) for each in found] == [[SUBJECT.encode()]] * PARTITIONS
    assert {each.settings.version for each in found} == {1}
    assert passed[-1][0] == passed[-1][1] > 0


async def test_a_rule_that_comes_later_is_ticked_for_rows_that_were_there(here):
    now = int(time.time())
    here.start()
    silent = settings(1, BusinessSettings(automations=()))
    await here.append([*silent, renewing(now, now + HOUR + AHEAD_S + 4)])
    await here.until_done()
    await here.append(settings(2, RULES))
    await until_told(here)
    await here.until_done()

    [(kind, _, data)] = await told(here)
    assert (kind, data["automation"], data["rule_version"]) == ("automation.triggered", "soon", 2)
    await here.judge()
