"""Tries automations out on the log's history: a job, for it reads the log from its beginning."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select

from console.access.visitor import Visitor
from console.actions.begin import begin
from console.context import Console
from console.jobs import Job
from console.queries.in_force import settings_in_force
from console.queries.tried import History, Tried, sample_of
from console.read_model.tables import accounts
from schemas.automations import Automation
from schemas.errors import BadRecordError, SettingsError
from schemas.settings import BusinessSettings
from streams.log.admin import count_log_partitions
from streams.log.committed import Progress, committed, places_of
from streams.log.records import read_log_record
from streams.log.topics import LOG
from streams.settings import Deployment, Kafka
from streams.settings_errors import explain

TRYOUT = "tryout"
DAYS_MAX = 730
CUSTOMERS_MAX = 20_000
TEXT_MAX = 20_000


def rules_of(text: str, content: BusinessSettings) -> tuple[Automation, ...]:
    """Read automations from TOML: tables `[[automations]]`, or one rule's keys alone.

    Raises:
        SettingsError: Says what is wrong, and where.
    """
    if len(text) > TEXT_MAX:
        raise SettingsError(f"rules of more than {TEXT_MAX} characters are not tried out")
    name = Path("rules.toml")
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"not valid TOML: {error}") from error
    tables: Any = given.get("automations", [given] if given else [])
    if "automations" in given and set(given) != {"automations"}:
        raise SettingsError("give tables [[automations]] alone, or the keys of one rule")
    if not tables:
        raise SettingsError("there is no rule: give its name and on, such as name = 'renewal'")
    whole = content.model_dump(mode="json", exclude_none=True) | {"automations": tables}
    try:
        return BusinessSettings.model_validate(whole).automations
    except ValidationError as error:
        raise SettingsError(explain(error, name, text, deployment=Deployment)) from None


def try_out(
    console: Console,
    visitor: Visitor,
    automations: Sequence[Automation],
    *,
    livemode: bool,
    days: int,
    customers: int,
) -> Job:
    """Begin to try rules out, or give what is under way.

    Args:
        console: Whose log it is.
        visitor: Who asks.
        automations: The rules.
        livemode: Of which customers.
        days: Over how many days, today's among them.
        customers: How many customers at most are folded; about so many are chosen.
    """
    with console.read_model.connect() as connection:
        content = settings_in_force(connection).content
        counted = select(func.count()).where(accounts.c.livemode == livemode)
        total = connection.execute(counted).scalar_one()

    def work(job: Job) -> Tried:
        return asyncio.run(_tried(console, job))

    async def _tried(console: Console, job: Job) -> Tried:
        kafka = console.config.deployment.kafka
        count = await count_log_partitions(kafka)
        sample = sample_of(total, wanted=customers, partitions=count)
        history = History(
            automations,
            content,
            sample=sample,
            livemode=livemode,
            days=days,
            now=int(console.clock()),
        )
        await _read(kafka, sample.partitions, history, job.progress)
        return history.finish(total)

    return begin(console, visitor, TRYOUT, work)


async def _read(kafka: Kafka, partitions: int, history: History, progress: Progress) -> None:
    """Give the history these partitions of the log, whole.

    Raises:
        BrokerError: Kafka cannot be used.
    """
    places = places_of(kafka, LOG, range(partitions))
    async with committed(kafka, client_id="subfold-tryout") as topics:
        starts, ends = await topics.begins(places), await topics.ends(places)
        async for found in topics.read(starts, ends, progress):
            try:
                record = read_log_record(
                    key=found.key,
                    value=found.value,
                    headers=found.headers,
                    partition=found.partition,
                    offset=found.offset,
                    timestamp_ms=found.timestamp,
                )
            except BadRecordError:
                continue  # not ours: a dead letter, of no customer
            history.take(record)
