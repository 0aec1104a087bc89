"""Writes what a batch came to, in one Kafka transaction of the partition's producer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import groupby

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced
from aiokafka.structs import RecordMetadata

from streams.log.client import Connection
from streams.worker.batch import Folded, Output
from streams.worker.marker import (
    CLOCKS_KEY,
    MARKER_KEY,
    SETTINGS_KEY,
    Marker,
    encode_clocks,
    encode_marker,
    encode_settings,
)
from streams.worker.names import Names
from streams.worker.partition import Partition
from streams.worker.timers import Due

BATCH_BYTES = 1_000_000
"""Of records sent together; below Kafka's default `max.message.bytes`. A larger one goes alone."""
TIMEOUT_MS = 15_000
"""How long a transaction may stay open before the broker aborts it and fences its producer."""
RETRY_MS = 20
"""Kafka writes the markers of a transaction after its end, and says "concurrent" until then."""

SETTLE_S = 1
"""How long to wait for what else there is to hear when a transaction failed."""


class FencedError(Exception):
    """Another owner has the partition now, or the broker gave the transaction up."""


class UnknownCommitError(Exception):
    """The transaction broke off, and it is not known on which side of its commit."""


class NotCommittedError(UnknownCommitError):
    """Kafka refused what the transaction was to write: nothing of it is or will be committed."""


def new_producer(connection: Connection, transactional_id: str) -> AIOKafkaProducer:
    """The producer of one partition; its `start` fences the former one."""
    return AIOKafkaProducer(
        **connection,
        client_id=transactional_id,
        transactional_id=transactional_id,
        acks="all",
        max_batch_size=BATCH_BYTES,
        transaction_timeout_ms=TIMEOUT_MS,
        retry_backoff_ms=RETRY_MS,
    )


async def commit(partition: Partition, folded: Folded, marker: Marker, names: Names) -> int:
    """Write rows, marker, updates, dead letters and the offset: all of it, or nothing.

    Returns:
        An offset of the changelog; all before it is known to this worker.

    Raises:
        FencedError: The partition is not ours any more; its new owner finds out what was written.
        NotCommittedError: Kafka refused to take something; the transaction is open still.
        UnknownCommitError: It may have been written, or not.
    """
    producer, number = partition.producer, partition.number
    changelog = [
        Output(topic="", key=key, value=row, headers=Due.of(folded.rows[key]).headers())
        for key, row in folded.stored.items()
    ]
    changelog.append(Output(topic="", key=MARKER_KEY, value=encode_marker(marker)))
    if folded.settings is not partition.settings:
        settings = encode_settings(folded.settings)
        changelog.append(Output(topic="", key=SETTINGS_KEY, value=settings))
    if folded.clocks is not partition.clocks:
        changelog.append(Output(topic="", key=CLOCKS_KEY, value=encode_clocks(folded.clocks)))
    pending: list[asyncio.Future[RecordMetadata]] = []
    is_ending = False
    try:
        await producer.begin_transaction()
        # Topics with the same key have as many partitions as the log, hence the same partition.
        await _send(producer, names.changelog, number, changelog, pending)
        rows = pending[-1]
        for logical, outputs in groupby(sorted(folded.outputs, key=_topic), key=_topic):
            await _send(producer, names.topic(logical), number, outputs, pending)
        offsets = {TopicPartition(names.log, number): marker.next_offset}
        await asyncio.gather(*pending, producer.send_offsets_to_transaction(offsets, names.group))
        is_ending = True
        await producer.commit_transaction()
        return int(rows.result().offset)
    except Exception as error:  # aiokafka's are not all KafkaErrors
        # Who is fenced hears of it once, by what was sent first; all later calls only say that
        # there is no transaction.
        if pending:
            await asyncio.wait(pending, timeout=SETTLE_S)
        settled = [each for each in pending if each.done() and not each.cancelled()]
        if any(map(_is_fenced, [error, *(each.exception() for each in settled)])):
            raise FencedError from error
        if not is_ending:
            raise NotCommittedError(type(error).__name__) from error
        raise UnknownCommitError(type(error).__name__) from error


def _is_fenced(error: BaseException | None) -> bool:
    """Whether a newer producer of the same id is at the bottom of an error."""
    while error is not None:
        if isinstance(error, ProducerFenced | InvalidProducerEpoch):
            return True
        error = error.__cause__
    return False


def _topic(output: Output) -> str:
    return output.topic


async def _send(
    producer: AIOKafkaProducer,
    topic: str,
    partition: int,
    outputs: Iterable[Output],
    pending: list[asyncio.Future[RecordMetadata]],
) -> None:
    """Send in whole record batches: a third of the cost of a `send` for each record."""
    batch = producer.create_batch()
    for output in outputs:
        record = {"key": output.key, "value": output.value, "headers": list(output.headers)}
        if batch.append(timestamp=None, **record) is None:  # full
            pending.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            # The first record of a batch always fits; sizes were checked before the transaction.
            batch.append(timestamp=None, **record)
    batch.close()
    pending.append(await producer.send_batch(batch, topic, partition=partition))
