"""What was known of one customer at a time of the past: its records of the log, folded once more.

The log's own time decides: what it had by then counts, and what Stripe told later of an earlier
moment does not. Settings are those that were applied by then. Facts follow from records alone, so
nothing but this customer's records has to be read, and the moves of the test clock it lives by.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import Connection, select

from console.queries.account import customer_row as row_now
from console.queries.account import settings_by
from console.read_model.log_tables import events
from schemas.customer_row import CustomerRow
from schemas.errors import BadRecordError, BrokerError
from schemas.records import Kind, LogRecord, clock_key
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.clocks import NO_CLOCKS
from streams.customer_row import customer_row
from streams.log.client import connection as kafka_connection
from streams.log.records import read_log_record
from streams.log.topics import LOG
from streams.pipeline import step
from streams.reading import read_clock, tick_record
from streams.settings import Kafka

PATIENCE_S = 20
NEAR = 64
"""Records that are read and dropped between two wanted ones, rather than asked for anew."""
FETCH_BYTES = 64 * 1024

Place = tuple[int, int]
"""Partition and offset in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A customer as it was known.

    Args:
        at: Unix seconds that were asked for.
        row: As the fold keeps it.
        settings: Those in force then.
        records: How many records of the log it is made of.
    """

    at: int
    row: Row
    settings: SettingsInForce
    records: int

    @property
    def for_readers(self) -> CustomerRow:
        """The row as it would have stood in `billing.customers.v1`."""
        return customer_row(self.row, self.settings)


def past(read_model: Connection, kafka: Kafka, subject: str, *, at: int) -> Past | None:
    """Fold what the log had of a customer by then; None where it had nothing that is folded.

    Raises:
        BrokerError: Kafka cannot be used.
        SettingsError: It is not said where Kafka is.
    """
    places = _places(read_model, subject, at=at)
    records = asyncio.run(_read(kafka, places)) if places else []
    return refold(subject, records, settings_by(read_model, at), at=at)


def refold(
    subject: str, records: Sequence[LogRecord], settings: SettingsInForce, *, at: int
) -> Past | None:
    """Fold records in their order, and let time pass to then; None where nothing makes a row.

    Args:
        subject: Whose.
        records: The customer's, and those of the test clock that it lives by.
        settings: What to fold with.
        at: Unix seconds up to which moments come by time alone.
    """
    row: Row | None = None
    clocks = NO_CLOCKS
    for record in records:
        if record.kind is Kind.BROADCAST:
            try:
                seen = read_clock(record)
            except BadRecordError:  # it moved no clock in the worker, either
                continue
            clocks = clocks.joined(seen) if seen else clocks
        else:
            row = step(row, record, settings, clocks).row or row
    if row is None:
        return None
    reached = clocks.get(clock_key(subject, row.clock)).frozen_time if row.clock else at
    if reached > row.facts.at:
        row = step(row, tick_record(subject, reached, row.clock), settings, clocks).row or row
    return Past(at=at, row=row, settings=settings, records=len(records))


def _places(read_model: Connection, subject: str, *, at: int) -> list[Place]:
    """Where the log has the customer's records, and those of the test clock that it lives by."""
    now = row_now(read_model, subject)
    clock = now.customer.test_clock if now else None
    subjects = [subject, *([clock_key(subject, clock)] if clock else [])]
    found = read_model.execute(
        select(events.c.partition, events.c.offset)
        .where(events.c.subject.in_(subjects), events.c.recorded_at <= at)
        .order_by(events.c.partition, events.c.offset)
    )
    return [(partition, offset) for partition, offset in found]


async def _read(kafka: Kafka, places: Sequence[Place]) -> list[LogRecord]:
    consumer = AIOKafkaConsumer(
        **kafka_connection(kafka),
        client_id="subfold-console-past",
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    by_partition: list[list[LogRecord]] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            await consumer.start()
            for partition, group in groupby(places, key=lambda place: place[0]):
                place = TopicPartition(kafka.prefix + LOG, partition)
                consumer.assign([place])
                offsets = [offset for _, offset in group]
                records = [each async for each in _wanted(consumer, place, offsets)]
                by_partition.append(_log_records(records))
    except (KafkaError, TimeoutError) as error:
        raise BrokerError(
            f"the log cannot be read now, Kafka at {kafka.bootstrap_servers}: {error!r}"
        ) from error
    finally:
        await consumer.stop()
    # A clock's moves are found in the first partition alone; the log's time puts them in between.
    return list(merge(*by_partition, key=lambda record: record.timestamp_ms))


async def _wanted(
    consumer: AIOKafkaConsumer, place: TopicPartition, offsets: Sequence[int]
) -> AsyncIterator[ConsumerRecord]:
    """Give the records at these offsets, which rise; what is no more there is left out."""
    position = -NEAR
    for offset in offsets:
        if not position <= offset < position + NEAR:
            consumer.seek(place, offset)
            position = offset
        while position <= offset:
            record = await consumer.getone(place)
            position = record.offset + 1
            if record.offset == offset:
                yield record


def _log_records(records: Iterable[ConsumerRecord]) -> list[LogRecord]:
    found = []
    for record in records:
        try:
            found.append(
                read_log_record(
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                    partition=record.partition,
                    offset=record.offset,
                    timestamp_ms=record.timestamp,
                )
            )
        except BadRecordError:  # a dead letter, not folded by the worker either
            continue
    return found
