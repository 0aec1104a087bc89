"""Settings in the log: find the version last applied, append the next one to every partition.

Partition 0 is always written first and its first record of a version counts, so partition 0 alone
says what was applied, also when an apply broke off half-way. It is read from its beginning: a
twelfth of the log by default, as fast as Kafka delivers. The others are read from shortly before
that record's time, for whether they have it too.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from schemas.errors import BrokerError, SubfoldError
from schemas.records import Kind
from schemas.settings import Announce, BusinessSettings, SettingsRecord
from streams.log.admin import count_log_partitions
from streams.log.broadcast import FIRST, write_to_each
from streams.log.client import connection
from streams.log.records import log_headers
from streams.log.topics import LOG
from streams.settings import Kafka

KEY = b"-/-/-/settings"
SOURCE = "-"
CLOCK_SKEW_MS = 3_600_000
"""How far the clocks of two brokers may lie apart at most."""
SILENCE_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Settings as they were found in one partition of the log."""

    record: SettingsRecord
    offset: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What `apply_settings` did. `completed`: a former apply had not reached every partition."""

    outcome: Literal["applied", "completed", "already_applied"]
    record: SettingsRecord


async def last_applied(kafka: Kafka) -> SettingsRecord | None:
    """Find the settings last applied; None when there never were any.

    Raises:
        BrokerError: Kafka does not answer, there is no log, or a newer subfold wrote the settings.
    """
    await count_log_partitions(kafka)
    async with _reader(kafka) as reader:
        found = await _last(reader, kafka.prefix + LOG)
    return found.record if found else None


class OthersAppliedError(SubfoldError):
    """Other settings were applied since somebody looked: look again."""


async def apply_settings(
    kafka: Kafka,
    business: BusinessSettings,
    *,
    applied_by: str,
    reason: str,
    announce: Announce,
    after: int | None = None,
) -> Application:
    """Append the settings to every partition, unless they are what was applied last.

    Args:
        kafka: Where.
        business: What is to be in force.
        applied_by: Who applies them.
        reason: Why; kept with them for ever.
        announce: What becomes of customers that look different by them.
        after: Refuse where another version than this one is in force; 0 is none.

    Raises:
        OthersAppliedError: Another version than `after` is in force, with other content.
        BrokerError: As `last_applied`; or somebody else applied settings at the same moment.
    """
    topic = kafka.prefix + LOG
    partitions = range(await count_log_partitions(kafka))
    async with _reader(kafka) as reader, _producer(kafka) as producer:
        last = await _last(reader, topic)
        in_force = last.record.version if last else 0
        is_same = last is not None and last.record.hash == business.content_hash()
        if after not in {None, in_force} and not is_same:
            raise OthersAppliedError(
                f"version {in_force} was applied meanwhile, not {after}: look at it, then again"
            )
        if last and is_same:
            missing = await _partitions_without(reader, topic, last, partitions)
            await _append(producer, topic, missing, last.record)
            outcome: Literal["completed", "already_applied"] = (
                "completed" if missing else "already_applied"
            )
            return Application(outcome=outcome, record=last.record)
        record = SettingsRecord(
            version=in_force + 1,
            hash=business.content_hash(),
            applied_by=applied_by,
            reason=reason,
            announce=announce,
            content=business,
        )
        ours = (await _append(producer, topic, [FIRST], record))[FIRST]
        counts = await _last(reader, topic, offset=last.offset if last else 0)
        if counts is None or counts.offset != ours:
            raise BrokerError("somebody applied other settings at the same moment: apply again")
        await _append(producer, topic, [each for each in partitions if each != FIRST], record)
    return Application(outcome="applied", record=record)


async def _last(reader: AIOKafkaConsumer, topic: str, *, offset: int = 0) -> Applied | None:
    """The highest version in the first partition; of two records with it, the earlier."""
    last: Applied | None = None
    async for applied in _settings_of(reader, TopicPartition(topic, FIRST), offset=offset):
        if last is None or applied.record.version > last.record.version:
            last = applied
    return last


async def _partitions_without(
    reader: AIOKafkaConsumer, topic: str, applied: Applied, partitions: Iterable[int]
) -> list[int]:
    missing = []
    for partition in partitions:
        place = TopicPartition(topic, partition)
        since = {place: applied.timestamp_ms - CLOCK_SKEW_MS}
        start = (await reader.offsets_for_times(since))[place]
        found = start and [
            other.record.version async for other in _settings_of(reader, place, offset=start.offset)
        ]
        if applied.record.version not in (found or ()):
            missing.append(partition)
    return missing


async def _settings_of(
    reader: AIOKafkaConsumer, place: TopicPartition, *, offset: int
) -> AsyncIterator[Applied]:
    """The settings records of one partition, from an offset to what is its end now."""
    reader.assign([place])
    end = (await reader.end_offsets([place]))[place]
    beginning = (await reader.beginning_offsets([place]))[place]
    reader.seek(place, max(offset, beginning))
    while await reader.position(place) < end:
        batches = await reader.getmany(place, timeout_ms=SILENCE_S * 1000)
        if not batches:
            raise BrokerError(f"{place.topic} gave no record for {SILENCE_S} s")
        for record in batches[place]:
            if ("kind", Kind.SETTINGS.value.encode()) in record.headers:
                yield _read(record)


def _read(record: ConsumerRecord) -> Applied:
    try:
        content = SettingsRecord.model_validate_json(record.value or b"")
    except ValidationError as error:
        raise BrokerError(
            f"the settings record at {record.topic} {record.partition}:{record.offset} cannot be "
            "read by this version: use the newer subfold that wrote it"
        ) from error
    return Applied(record=content, offset=record.offset, timestamp_ms=record.timestamp)


async def _append(
    producer: AIOKafkaProducer, topic: str, partitions: Iterable[int], record: SettingsRecord
) -> dict[int, int]:
    return await write_to_each(
        producer,
        topic,
        partitions,
        key=KEY,
        value=record.model_dump_json().encode(),
        headers=log_headers(
            kind=Kind.SETTINGS,
            source=SOURCE,
            event_id=f"settings:{record.version}",
            event_type="",
            api_version="",
            received_at_ms=int(time.time() * 1000),
        ),
    )


@asynccontextmanager
async def _reader(kafka: Kafka) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        **connection(kafka),
        client_id="subfold-settings",
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    async with _started(kafka, reader):
        yield reader


@asynccontextmanager
async def _producer(kafka: Kafka) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        **connection(kafka), client_id="subfold-settings", acks="all", enable_idempotence=True
    )
    async with _started(kafka, producer):
        yield producer


@asynccontextmanager
async def _started(
    kafka: Kafka, client: AIOKafkaConsumer | AIOKafkaProducer
) -> AsyncIterator[None]:
    try:
        await client.start()
        yield
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka.bootstrap_servers} cannot be used: {error}") from error
    finally:
        await client.stop()
