"""Reads whole topics to what is in them now, committed records only, for whoever looks beside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from schemas.errors import BrokerError
from streams.log.client import connection
from streams.log.topics import MIB
from streams.settings import Kafka

POLL_MS = 200
SILENCE_S = 30
"""A transaction that is open holds its topic up; brokers end one after 15 s."""
FETCH_BYTES = 8 * MIB

Progress = Callable[[int, int], None]


def untold(_: int, __: int) -> None:
    """Tell nobody how far a reading is."""


class Committed:
    """Reads topics. `ends` are those that count, whatever a transaction holds up at the moment."""

    def __init__(self, reader: AIOKafkaConsumer, seer: AIOKafkaConsumer) -> None:
        self._reader = reader
        self._seer = seer

    async def begins(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition begins."""
        return dict(await self._seer.beginning_offsets(list(places)))

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition ends, open transactions and all."""
        return dict(await self._seer.end_offsets(list(places)))

    async def at(
        self, since_ms: int, places: Iterable[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Where each partition has its first record of that time or later; no word if it has none.

        By the topic's time, which of the log is when a record was appended.
        """
        found = await self._seer.offsets_for_times(dict.fromkeys(places, since_ms))
        return {place: here.offset for place, here in found.items() if here is not None}

    async def read(
        self,
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        progress: Progress = untold,
    ) -> AsyncIterator[ConsumerRecord]:
        """Give what is committed between, each partition in its order.

        Raises:
            BrokerError: Kafka falls silent before.
        """
        behind = {place for place, start in starts.items() if start < ends[place]}
        if not behind:
            return
        self._reader.assign(list(behind))
        for place in behind:
            self._reader.seek(place, starts[place])
        positions = dict(starts)
        while behind:
            for record in await self._fetched(behind):
                if record.offset < ends[TopicPartition(record.topic, record.partition)]:
                    yield record
            for place in behind:
                # A transaction ends in a control record, which only the position passes.
                positions[place] = min(await self._reader.position(place), ends[place])
            behind = {place for place in behind if positions[place] < ends[place]}
            progress(sum(positions.values()), sum(ends[each] for each in positions))

    async def _fetched(self, places: Iterable[TopicPartition]) -> list[ConsumerRecord]:
        """What comes next of these partitions; nothing when only a position moved."""
        before = [await self._reader.position(place) for place in places]
        for _ in range(SILENCE_S * 1000 // POLL_MS):
            batches = await self._reader.getmany(*places, timeout_ms=POLL_MS)
            after = [await self._reader.position(place) for place in places]
            if batches or after != before:
                return [record for records in batches.values() for record in records]
        raise BrokerError(f"Kafka gave no record for {SILENCE_S} s")


def places_of(kafka: Kafka, topic: str, partitions: Iterable[int]) -> list[TopicPartition]:
    """Partitions of a topic that is named as in the contract."""
    return [TopicPartition(kafka.prefix + topic, each) for each in partitions]


@asynccontextmanager
async def committed(kafka: Kafka, *, client_id: str) -> AsyncIterator[Committed]:
    """Connect, without a group.

    Raises:
        BrokerError: Kafka cannot be used.
    """
    reader, seer = (
        AIOKafkaConsumer(
            **connection(kafka),
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            isolation_level=level,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        for level in ("read_committed", "read_uncommitted")
    )
    try:
        await reader.start()
        await seer.start()
        yield Committed(reader, seer)
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka.bootstrap_servers} cannot be used: {error}") from error
    finally:
        await reader.stop()
        await seer.stop()
