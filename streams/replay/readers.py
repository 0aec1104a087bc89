"""Reads one partition: the log in bulk, the changelog to its rows, updates to their ids."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from schemas.errors import BrokerError, DeadLetterReason
from schemas.records import sequence_of
from streams.log.client import connection
from streams.log.topics import LOG, MIB
from streams.replay.table import Table
from streams.settings import Deployment
from streams.worker.letters import Letters
from streams.worker.marker import (
    CLOCKS_KEY,
    MARKER_KEY,
    RESERVED,
    SETTINGS_KEY,
    Marker,
    decode_clocks,
    decode_marker,
    decode_settings,
)

SILENCE_S = 60
POLL_MS = 200
FETCH_BYTES = 8 * MIB


async def read(
    deployment: Deployment, topic: str, partition: int, *, begin: int = 0, end: int | None = None
) -> AsyncGenerator[list[ConsumerRecord], None]:
    """Give the committed records from an offset to another, or to what is the end now.

    Raises:
        BrokerError: Kafka cannot be used, or stops answering.
    """
    place = TopicPartition(topic, partition)
    async with _consumer(deployment) as consumer:
        consumer.assign([place])
        stop = (await consumer.end_offsets([place]))[place] if end is None else end
        beginning = (await consumer.beginning_offsets([place]))[place]
        consumer.seek(place, max(begin, beginning))
        silent_ms = 0
        while await consumer.position(place) < stop:
            records = (await consumer.getmany(place, timeout_ms=POLL_MS)).get(place, [])
            silent_ms = 0 if records else silent_ms + POLL_MS
            if silent_ms > SILENCE_S * 1000:
                raise BrokerError(f"{topic} gave no record for {SILENCE_S} s")
            if records:
                yield [record for record in records if record.offset < stop]


async def log_ends(deployment: Deployment) -> dict[int, int]:
    """How many records each partition of the log has."""
    topic = deployment.kafka.prefix + LOG
    async with _consumer(deployment) as consumer:
        places = [TopicPartition(topic, each) for each in range(deployment.kafka.partitions)]
        return {place.partition: end for place, end in (await consumer.end_offsets(places)).items()}


async def read_table(deployment: Deployment, changelog: str, partition: int) -> Table:
    """Read the rows of a partition as they were last committed."""
    table = Table()
    async for records in read(deployment, changelog, partition):
        for record in records:
            _take(table, record.key, record.value)
    return table


async def read_crashes(deployment: Deployment, topic: str, partition: int) -> set[int]:
    """Offsets of the records that were buried because the process died of them."""
    letters = Letters()
    async for records in read(deployment, topic, partition):
        for record in records:
            letters.take(record)
    crash = DeadLetterReason.CRASH.value
    return {each.place.offset for each in letters.by_place.values() if each.reason == crash}


async def read_ids(
    deployment: Deployment, topics: Iterable[str], partition: int, *, until: int | None
) -> set[bytes]:
    """The ids of the updates in these topics, of causes before that offset of the log.

    Corrections are left out: a replay made them, not the log.
    """
    limit = None if until is None else sequence_of(partition, until)
    found: set[bytes] = set()
    for topic in topics:
        async for records in read(deployment, topic, partition):
            for record in records:
                data = orjson.loads(record.value)
                is_before = limit is None or data["sequence"] < limit
                if is_before and data["origin"] != "correction":
                    found.add(dict(record.headers)["ce_id"])
    return found


async def group_offset(deployment: Deployment, group: str, log: str, partition: int) -> int | None:
    """Where the worker's group stands in the log; None when Kafka does not know any more."""
    async with _consumer(deployment, group_id=group) as consumer:
        place = TopicPartition(log, partition)
        consumer.assign([place])
        offset = await consumer.committed(place)
        return None if offset is None else int(offset)


def _take(table: Table, key: bytes, value: bytes | None) -> None:
    if key == MARKER_KEY:
        table.marker = Marker() if value is None else decode_marker(value)
    elif key == SETTINGS_KEY and value is not None:
        table.settings = decode_settings(value)
    elif key == CLOCKS_KEY and value is not None:
        table.clocks = decode_clocks(value)
    elif key.startswith(RESERVED):
        return
    elif value is None:
        table.stored_rows.pop(key, None)
    else:
        table.stored_rows[key] = value


@asynccontextmanager
async def _consumer(
    deployment: Deployment, group_id: str | None = None
) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **connection(deployment.kafka),
        group_id=group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise BrokerError(
            f"Kafka at {deployment.kafka.bootstrap_servers} cannot be used: {error}"
        ) from error
    finally:
        await consumer.stop()
