"""Reads the topics back as anyone would: a plain consumer of committed records, no group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.errors import BrokerError
from streams.log.client import connection
from streams.log.topics import LOG, changelog_name, topics_of
from streams.settings import Deployment
from streams.worker.marker import MARKER_KEY, Marker, decode_marker

Isolation = Literal["read_committed", "read_uncommitted"]
SILENCE_S = 60
WAIT_MS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the worker is: records folded of those in the log, and their outcomes."""

    folded: int
    stored: int
    outcomes: Mapping[str, int]


async def wait_until_folded(deployment: Deployment, told: Callable[[Progress], None]) -> Progress:
    """Follow the partitions' markers until they say that the whole log is folded.

    Raises:
        BrokerError: The worker makes no progress for a minute.
    """
    log = deployment.kafka.prefix + LOG
    changelog = deployment.kafka.prefix + changelog_name(deployment.worker.application)
    markers: dict[int, Marker] = {}
    async with _consumer(deployment) as consumer:
        ends = await consumer.end_offsets(_partitions(consumer, log))
        goal = {place.partition: end for place, end in ends.items() if end}
        consumer.assign(_partitions(consumer, changelog))
        await consumer.seek_to_beginning()
        while any(
            partition not in markers or markers[partition].next_offset < end
            for partition, end in goal.items()
        ):
            batches = await consumer.getmany(timeout_ms=SILENCE_S * 1000)
            if not batches:
                raise BrokerError(f"the worker folded nothing for {SILENCE_S} s: its log says why")
            for record in _records(batches):
                if record.key == MARKER_KEY and record.value:
                    markers[record.partition] = decode_marker(record.value)
            told(_progress(markers.values(), sum(goal.values())))
    return _progress(markers.values(), sum(goal.values()))


async def read_topics(deployment: Deployment) -> dict[str, list[ConsumerRecord]]:
    """Read every topic from its beginning to what is written now, by its name on the cluster.

    Only what is committed is given. A commit reaches a transaction's partitions one by one, so what
    is written there already is waited for.

    Raises:
        BrokerError: Kafka stops answering.
    """
    names = [spec.name for spec in topics_of(deployment)]
    found: dict[str, list[ConsumerRecord]] = {name: [] for name in names}
    async with _consumer(deployment, "read_uncommitted") as consumer:
        places = [place for name in names for place in _partitions(consumer, name)]
        ends = await consumer.end_offsets(places)
    async with _consumer(deployment) as consumer:
        consumer.assign(places)
        await consumer.seek_to_beginning()
        silent_ms = 0
        while [place for place in places if await consumer.position(place) < ends[place]]:
            batches = await consumer.getmany(timeout_ms=WAIT_MS)
            silent_ms = 0 if batches else silent_ms + WAIT_MS
            if silent_ms > SILENCE_S * 1000:
                raise BrokerError(f"Kafka gave no record for {SILENCE_S} s")
            for record in _records(batches):
                found[record.topic].append(record)
    return found


def _progress(markers: Iterable[Marker], stored: int) -> Progress:
    outcomes: dict[str, int] = {}
    folded = 0
    for marker in markers:
        folded += marker.next_offset
        for outcome, count in marker.counts.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + count
    return Progress(folded=folded, stored=stored, outcomes=outcomes)


def _records(batches: Mapping[TopicPartition, list[ConsumerRecord]]) -> Iterable[ConsumerRecord]:
    return (record for batch in batches.values() for record in batch)


def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]


@asynccontextmanager
async def _consumer(
    deployment: Deployment, isolation: Isolation = "read_committed"
) -> AsyncIterator[AIOKafkaConsumer]:
    names = [spec.name for spec in topics_of(deployment)]
    consumer = AIOKafkaConsumer(
        *names,
        **connection(deployment.kafka),
        group_id=None,
        enable_auto_commit=False,
        isolation_level=isolation,
    )
    await consumer.start()
    # Subscribed only so that it learnt the partitions; from here on they are assigned by hand.
    consumer.unsubscribe()
    try:
        yield consumer
    finally:
        await consumer.stop()
