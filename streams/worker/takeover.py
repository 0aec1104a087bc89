"""Makes partitions ours: fence the former owner, read its rows, find where to go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import metrics
from streams.log.client import Connection
from streams.log.topics import MIB
from streams.worker.exits import Exit, exit_now
from streams.worker.names import Names
from streams.worker.partition import Held, Partition
from streams.worker.transaction import new_producer

FETCH_BYTES = 8 * MIB
POLL_MS = 200

log = structlog.get_logger()


async def take_over(held: Held, numbers: set[int], *, names: Names, connection: Connection) -> None:
    """Make these partitions ours, and no others; then their rows are as last committed.

    Partitions that were ours before are fenced anew, too: somebody may have had them meanwhile.
    They are read on from where they were.

    Raises:
        KafkaError: Kafka failed.
        NewerRowError: A newer release has written a marker or settings.
    """
    started_s = asyncio.get_running_loop().time()
    for dropped in held.forget(set(held.partitions) - numbers):
        await dropped.producer.stop()
    if not numbers:
        return
    await asyncio.gather(*(_fence(held, each, names, connection) for each in sorted(numbers)))
    mine = {each: held.partitions[each] for each in numbers}
    changelogs = {TopicPartition(names.changelog, number): each for number, each in mine.items()}
    logs = {TopicPartition(names.log, number): each for number, each in mine.items()}
    async with _reader(connection) as reader:
        reader.assign([*changelogs, *logs])
        reader.pause(*logs)
        # Asked first: a fetch that waits for more rows would hold up the answers.
        first = await reader.beginning_offsets(list(logs))
        last = await reader.end_offsets(list(logs))
        count = await _read_rows(reader, changelogs)
    for place, partition in logs.items():
        _check_log(partition, begins=first[place], ends=last[place])
    seconds = asyncio.get_running_loop().time() - started_s
    metrics.recovery_seconds.set(seconds)
    for partition in mine.values():
        metrics.rows.labels(partition.number).set(len(partition.keys))
        metrics.position.labels(partition.number).set(partition.marker.next_offset)
        metrics.unaccounted.labels(partition.number).set(partition.marker.unaccounted)
    log.info(
        "rows_read", partitions=sorted(numbers), changelog_records=count, seconds=round(seconds, 3)
    )


def compare_with_group(
    partitions: Mapping[int, Partition], offsets: Mapping[int, int | None]
) -> None:
    """Tell where the group's offsets are not those of the markers; the next transaction mends it.

    Kafka drops a group's offsets seven days after it went empty, and tools can move them.
    """
    for number, offset in offsets.items():
        marker = partitions[number].marker.next_offset
        if (offset or 0) != marker:
            log.warning("group_offset_differs", partition=number, group=offset, marker=marker)


async def _fence(held: Held, number: int, names: Names, connection: Connection) -> None:
    producer = new_producer(connection, names.transactional_id(number))
    partition = held.partitions.get(number)
    if partition is not None:
        await partition.producer.stop()
        partition.producer = producer
    # InitProducerId: aborts what the former owner left open, and lets it commit no more.
    await producer.start()
    if partition is None:
        held.partitions[number] = Partition(number=number, table=held.table, producer=producer)


@asynccontextmanager
async def _reader(connection: Connection) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        **connection,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def _read_rows(reader: AIOKafkaConsumer, places: Mapping[TopicPartition, Partition]) -> int:
    """Read each changelog to the last stable offset: behind it there is nothing of ours.

    A transaction ends in a control record, which is never delivered: only the position passes it.
    """
    count = 0
    ends = await reader.end_offsets(list(places))
    for place, partition in places.items():
        reader.seek(place, partition.read_to)
    behind = {place for place, partition in places.items() if partition.read_to < ends[place]}
    while behind:
        for place, records in (await reader.getmany(*behind, timeout_ms=POLL_MS)).items():
            count += len(records)
            for record in records:
                places[place].read(record.key, record.value, record.headers)
        for place in list(behind):
            places[place].read_to = await reader.position(place)
            if places[place].read_to >= ends[place]:
                behind.discard(place)
    return count


def _check_log(partition: Partition, *, begins: int, ends: int) -> None:
    """Stop when the log does not reach from the marker on: it is not the log of these rows."""
    marker = partition.marker.next_offset
    if partition.marker.is_rebuilding:
        exit_now(
            Exit.REBUILDING,
            partition=partition.number,
            hint="not all rows are written: run `subfold replay --activate` to its end, or "
            "`subfold log copy --activate` where this log is a copy that is being made",
        )
    if not begins <= marker <= ends:
        exit_now(
            Exit.GAP,
            partition=partition.number,
            marker=marker,
            log_begins=begins,
            log_ends=ends,
            hint="the log was cut or made anew: these rows are of another log",
        )
