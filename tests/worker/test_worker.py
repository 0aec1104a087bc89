"""Given a real broker and worker processes: whatever happens, readers find everything once."""

from __future__ import annotations

import signal

import orjson
import pytest

from build import START, customer, deleted, item, price, subscription, updated
from fetched import Fetched, fetched, headers, settings_record
from schemas.settings import BusinessSettings, Conditions, StageRule, Stages
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, STAGES
from worker_stage import PARTITIONS, stage

STATUSES = ("trialing", "active", "past_due", "active", "canceled")
POISON = (b"\x00 no JSON at all", None, b"[]", b'{"object": "event", "type": 7}')
RENAMED = BusinessSettings(
    stages=Stages(
        precedence=("Paying",),
        rules=(StageRule(name="Paying", when=Conditions(status=("active",))),),
    )
)


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


def change(number: int) -> Fetched:
    """One change of one of forty customers, live and test; every hundredth is a new name."""
    id_, test = f"cus_{number % 40}", number % 4 == 3
    at = START + number
    if number % 100 == 0:
        body = updated(customer(id_, name=f"Name {number}"), at=at, livemode=not test)
    else:
        sub = subscription(
            f"sub_{number % 40}",
            STATUSES[number // 40 % len(STATUSES)],
            customer=id_,
            items=[item(price=price(1000 + number), current_period_end=START + 86_400 * number)],
        )
        make = deleted if sub["status"] == "canceled" else updated
        body = make(sub, at=at, livemode=not test)
    key = f"main/-/{'test' if test else 'live'}/{id_}".encode()
    return fetched(body, key=key, partition=number % PARTITIONS)


def poison() -> list[Fetched]:
    """What no fold can read, for the very beginning of each partition."""
    return [
        Fetched(value=value, partition=number, headers=(("x", b"1"), *headers()))
        for number in range(PARTITIONS)
        for value in POISON
    ]


async def test_killed_in_the_middle_it_goes_on_as_if_nothing_had_been(here):
    await here.append([*poison(), *map(change, range(6_000))])
    worker = here.start()
    await here.until_begun()
    worker.kill()

    worker = here.start()
    await worker.ready()
    await here.append(map(change, range(6_000, 6_100)))
    await here.until_done()
    await here.judge()
    assert '"rows_read"' in worker.text
    assert '"changelog_records": 0' not in worker.text
    assert len((await here.read(DEAD_LETTERS))[0]) == len(POISON)


async def test_a_worker_that_was_frozen_past_its_session_writes_nothing_any_more(here):
    await here.append(map(change, range(6_000)))
    frozen = here.start()
    await here.until_begun()
    frozen.signal(signal.SIGSTOP)
    other = here.start()
    await here.until_done()
    frozen.signal(signal.SIGCONT)
    await frozen.until_logged("partition_fenced")
    await frozen.ready()
    await here.append(map(change, range(6_000, 6_400)))

    await here.until_done()
    await here.judge()
    assert {frozen.process.poll(), other.process.poll()} == {None}


async def test_workers_come_and_go_and_nothing_is_lost_or_told_twice(here):
    first = here.start()
    await first.ready()
    await here.append(map(change, range(300)))
    second = here.start()
    await second.ready()
    await here.append(map(change, range(300, 600)))
    assert await first.stop() == 0
    await here.append(map(change, range(600, 900)))

    await here.until_done()
    await here.judge()
    assert await second.stop() == 0


async def test_the_marker_decides_where_to_go_on_whatever_the_group_says(here):
    settings = [settings_record(1, RENAMED) for _ in range(PARTITIONS)]
    await here.append(
        [Fetched(**{**vars(each), "partition": number}) for number, each in enumerate(settings)]
    )
    await here.append(map(change, range(400)))
    worker = here.start()
    await here.until_done()
    assert await worker.stop() == 0
    await here.move_group({0: 0, 1: 10_000})

    worker = here.start()
    await worker.ready()
    await here.append(map(change, range(400, 500)))
    await here.until_done()
    await here.judge()
    stages = [
        orjson.loads(each.value)["stage"] for part in await here.read(STAGES) for each in part
    ]
    assert set(stages) == {"Paying"}
    assert worker.text.count("group_offset_differs") == PARTITIONS


async def test_its_pages_tell_of_life_readiness_and_counts(here):
    worker = here.start()
    await worker.ready()
    await here.append([*poison(), *map(change, range(100))])
    await here.until_done()

    await worker.until_told('subfold_events_total{outcome="folded"} 100.0')
    text = (await worker.get("/metrics"))[1]
    assert (await worker.get("/livez"))[0] == 200
    assert f'subfold_dead_letters_total{{reason="not_json"}} {3.0 * PARTITIONS}' in text
    for private in ("ana@example.com", "Name 0"):
        assert private not in worker.text + text
    assert any(b"Name 0" in each.value for part in await here.read(CUSTOMERS) for each in part)


async def test_control_records_in_the_log_are_no_gap(here):
    worker = here.start()
    await here.append(map(change, range(20)))
    await here.append_in_transaction(map(change, range(20, 40)), commits=True)
    await here.append_in_transaction(map(change, range(40, 60)), commits=False)
    await here.append(map(change, range(60, 80)))
    await here.until_done()
    await here.append_in_transaction(map(change, range(80, 100)), commits=True)
    await here.append(map(change, range(100, 120)))

    await here.until_done()
    await here.judge()
    assert worker.process.poll() is None


async def test_a_log_that_was_made_anew_stops_the_worker(here):
    worker = here.start()
    await here.append(map(change, range(100)))
    await here.until_done()
    assert await worker.stop() == 0
    await here.make_log_anew()

    worker = here.start()
    assert await worker.ended() == 72
    assert "made anew" in worker.text


async def test_without_its_topics_it_does_not_start(tmp_path, bootstrap_servers, here):
    await here.admin.delete_topics([here.names.changelog])

    worker = here.start()
    assert await worker.ended() == 1
    assert "subfold topics create" in worker.text
