"""Renewals that are near, and what is told of them: for tests of the clock."""

from __future__ import annotations

from dataclasses import replace

import orjson

from build import SUBJECT, item, subscription, updated
from fetched import Fetched, fetched, settings_record
from schemas.records import Kind
from schemas.settings import BusinessSettings
from streams.log.topics import LOG, TRIGGERS
from worker_process import until
from worker_stage import PARTITIONS, Stage

HOUR = 3_600
AHEAD_S = 4
"""How long before it is due the moment is armed: a worker must be up by then."""
RULES = BusinessSettings.model_validate(
    {"automations": [{"name": "soon", "on": "renewal_upcoming", "before": "1h"}]}
)


def renewing(at: int, date: int, partition: int = 0, subject: str = SUBJECT) -> Fetched:
    customer = subject.rpartition("/")[2]
    thing = subscription(customer=customer, items=[item(current_period_end=date)])
    return replace(fetched(updated(thing, at=at), key=subject.encode()), partition=partition)


def settings(version: int = 1, content: BusinessSettings = RULES) -> list[Fetched]:
    record = settings_record(version, content)
    return [replace(record, partition=each) for each in range(PARTITIONS)]


async def told(here: Stage) -> list[tuple[str, str, dict]]:
    """Type, id and value of all updates about moments."""
    found = []
    for part in await here.read(TRIGGERS):
        for record in part:
            words = {name: value.decode() for name, value in record.headers}
            found.append((words["ce_type"], words["ce_id"], orjson.loads(record.value)))
    return found


async def until_told(here: Stage) -> None:
    async def is_told() -> bool:
        return bool(await told(here))

    await until(is_told)


async def ticks(here: Stage) -> list[Fetched]:
    kind = ("kind", Kind.TICK.encode())
    return [each for part in await here.read(LOG) for each in part if kind in each.headers]
