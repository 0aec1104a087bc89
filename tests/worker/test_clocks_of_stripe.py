"""Given a real broker: a simulated year on test clocks is told as a fold of the same events."""

from __future__ import annotations

from zlib import crc32

import orjson
import pytest

from fetched import Fetched, settings_record
from schemas.records import Kind, Subject
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import AutomationTriggered
from simulation.objects import DAY_S
from simulation.prices import PRICES_CREATED
from simulation.simulate import simulate
from simulation.test_clocks import on_test_clock
from streams.event_files import Found
from streams.fold_files import OPEN_SOURCE, Folding
from streams.ingest.keys import read_envelope
from streams.log.records import log_headers
from streams.log.topics import CUSTOMERS, LOG, TEST, TRIGGERS
from worker_process import until
from worker_stage import PARTITIONS, stage

REAL = PRICES_CREATED + 3_000 * DAY_S
END = PRICES_CREATED + 365 * DAY_S
PARTS = 3
RULES = BusinessSettings.model_validate(
    {
        "automations": [
            {"name": "renewal", "on": "renewal_upcoming", "before": ["30d", "7d"]},
            {"name": "trial", "on": "trial_ending", "before": "3d"},
            {"name": "ended", "on": "subscription_canceled"},
            {
                "name": "silent",
                "on": "inactive_since",
                "stage": "Customer",
                "after": "20d",
            },
        ]
    }
)


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


def year() -> list[dict]:
    """Two clocks, each with lives of its own, one after the other by real time."""
    return [
        event
        for seed in (1, 2)
        for event in on_test_clock(
            simulate(seed=seed, customers=25, start=PRICES_CREATED),
            clock=f"clock_{seed}",
            start=PRICES_CREATED,
            until=END,
            real=REAL + seed * 30 * DAY_S,
        )
    ]


def records(event: dict) -> list[Fetched]:
    """What the door makes of an event."""
    body = orjson.dumps(event)
    about = read_envelope(body, "main", OPEN_SOURCE)
    headers = log_headers(
        kind=Kind.BROADCAST if about.is_broadcast else Kind.WEBHOOK,
        source="main",
        event_id=about.event_id,
        event_type=about.event_type,
        api_version=about.api_version,
        received_at_ms=0,
    )
    key = about.key.encode()
    own = [crc32(key) % PARTITIONS]
    return [
        Fetched(key=key, value=body, partition=each, headers=tuple(headers))
        for each in (range(PARTITIONS) if about.is_broadcast else own)
    ]


def folded(events: list[dict]) -> tuple[set[str], dict[str, dict]]:
    """Ids of triggers and rows, as `subfold fold` gives them."""
    folding = Folding(settings=SettingsInForce().followed_by(1, RULES, at=0), source="main")
    inputs = [Found(place="here", body=orjson.dumps(each)) for each in events]
    updates = list(folding.run(inputs))
    ids = [each.id for each in updates if isinstance(each.data, AutomationTriggered)]
    assert len(ids) == len(set(ids))
    return set(ids), {row["subject"]: row for row in folding.state(announced=False)}


async def until_folded(here) -> None:
    """What is in the log now is folded; the clock's ticks may have come after it."""
    ends = await here.ends()

    async def is_folded() -> bool:
        committed = await here.committed()
        return all(committed.get(each, 0) >= end for each, end in ends.items())

    await until(is_folded)


async def triggers(here) -> list[str]:
    found = []
    for part in await here.read(TEST + TRIGGERS):
        for record in part:
            words = dict(record.headers)
            if words["ce_type"] == b"automation.triggered":
                found.append(words["ce_id"].decode())
    return found


async def rows(here) -> dict[str, dict]:
    found = {}
    for part in await here.read(TEST + CUSTOMERS):
        found.update({each.key.decode(): orjson.loads(each.value) for each in part})
    return found


async def test_a_year_on_test_clocks_is_told_in_seconds_as_a_fold_tells_it(here):
    events = year()
    expected, states = folded(events)
    settings = settings_record(1, RULES)
    log = [
        Fetched(key=settings.key, value=settings.value, partition=each, headers=settings.headers)
        for each in range(PARTITIONS)
    ]
    log += [record for event in events for record in records(event)]
    size = len(log) // PARTS + 1

    for start in range(0, len(log), size):
        worker = here.start()
        await worker.ready()
        await here.append(log[start : start + size])
        await until_folded(here)
        worker.kill()
    worker = here.start()

    async def is_told() -> bool:
        return set(await triggers(here)) >= expected and await rows(here) == states

    await until(is_told)
    await until_folded(here)

    assert await rows(here) == states
    told = await triggers(here)
    assert (len(told), set(told)) == (len(expected), expected)
    assert len(expected) > 100
    assert not [
        each for topic in (TRIGGERS, CUSTOMERS) for part in await here.read(topic) for each in part
    ]
    ticks = [
        orjson.loads(each.value)
        for part in await here.read(LOG)
        for each in part
        if ("kind", Kind.TICK.encode()) in each.headers
    ]
    assert {each["clock"] for each in ticks} == {"clock_1", "clock_2"}
    assert {Subject.parse(each).mode for each in states} == {"test"}
    await here.judge()
