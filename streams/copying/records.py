"""Appends the records of one log to another: bytes untouched, in order, none twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Set
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import RecordMetadata

from schemas.errors import BrokerError
from streams.copying.merge import Merge, Merged
from streams.copying.target import Begun, names_of
from streams.log.client import connection
from streams.log.records import COPIED_FROM, LOGGED_AT, OF_A_COPY, logged_ms
from streams.log.topics import LOG_BYTES_MAX
from streams.replay.readers import log_ends, read
from streams.settings import Deployment
from streams.worker.dead_letters import FetchedRecord
from streams.worker.letters import Place

BATCH_BYTES = 256 * 1024
Progress = Callable[[str, int, int], None]
"""Told what is done to how many, and how many there are now."""

_partition_of = DefaultPartitioner()


@dataclass(slots=True)
class LogCopy:
    """A copy on its way.

    Attributes:
        position: Next offset of each source partition to be read.
        written: Records appended by this run.
    """

    source: Deployment
    target: Deployment
    producer: AIOKafkaProducer
    begun: Begun
    merge: Merge
    position: dict[int, int] = field(default_factory=dict)
    written: int = 0

    @classmethod
    def of(
        cls, source: Deployment, target: Deployment, producer: AIOKafkaProducer, begun: Begun
    ) -> LogCopy:
        """Go on where a former run broke off."""
        done = begun.done(target.kafka.partitions)
        merge = Merge(range(source.kafka.partitions), done)
        return cls(source, target, producer, begun, merge)

    @property
    def done(self) -> int:
        """How many records of the source are in the target."""
        return sum(self.position.values()) - self.merge.waiting

    async def go_on(self, progress: Progress, *, is_last: bool = False) -> None:
        """Copy what is in the source's log now.

        Args:
            progress: Told how far it is.
            is_last: Nothing more will come: a record that is missing somewhere is waited for no
                longer.

        Raises:
            BrokerError: Kafka fails, or the target was begun from another log.
        """
        ends = await log_ends(self.source)
        self._check(ends)
        async with _readers(self.source, self.position, ends) as readers:
            ended: set[int] = set()
            while True:
                await self._fill(readers, ended)
                await self._append(self.merge.take(ended if is_last else frozenset()))
                progress("records copied", self.done, sum(ends.values()))
                if ended.issuperset(self.merge.wanting()):
                    return

    async def _fill(
        self, readers: Mapping[int, AsyncIterator[list[ConsumerRecord]]], ended: set[int]
    ) -> None:
        """Get more of each partition of which all that was read is copied."""
        for partition in set(self.merge.wanting()) - ended:
            records = await anext(readers[partition], None) if partition in readers else None
            if records is None:
                ended.add(partition)
            elif records:
                self.merge.offer(partition, records)
                self.position[partition] = records[-1].offset + 1

    async def _append(self, merged: Iterable[Merged]) -> None:
        pending: list[asyncio.Future[RecordMetadata]] = []
        for each in merged:
            for partition in self._partitions(each):
                pending.append(await self._send(each.record, partition))
        await asyncio.gather(*pending)
        self.written += len(pending)

    def _partitions(self, merged: Merged) -> list[int]:
        """Where the record is to be written: where it belongs and is not."""
        record, everywhere = merged.record, range(self.target.kafka.partitions)
        if merged.identity is not None:
            there: Set[int] = self.begun.everywhere.get(merged.identity, set())
            return [each for each in everywhere if each not in there]
        partition = partition_of(record, len(everywhere))
        return [] if self.begun.has(partition, record) else [partition]

    async def _send(self, record: FetchedRecord, partition: int) -> asyncio.Future[RecordMetadata]:
        place = Place(record.partition, record.offset)
        first_ms = logged_ms(record.headers, record.timestamp)
        kept = [(name, word) for name, word in record.headers if name not in OF_A_COPY]
        added = [(COPIED_FROM, str(place).encode()), (LOGGED_AT, str(first_ms).encode())]
        return await self.producer.send(  # type: ignore[no-any-return]
            names_of(self.target).log,
            # No client writes a record that has neither.
            b"" if record.key is None and record.value is None else record.value,
            key=record.key,
            partition=partition,
            headers=kept + added,
        )

    def _check(self, ends: Mapping[int, int]) -> None:
        for (_, partition), (offset, _) in self.begun.last.items():
            if offset >= ends.get(partition, 0):
                raise BrokerError(
                    f"the new log holds a copy of {partition}:{offset}, and this log ends before: "
                    "it was begun from another one; copy into an empty log"
                )


def partition_of(record: FetchedRecord, count: int) -> int:
    """The partition that a record belongs to, of so many: as every producer of ours finds it."""
    return partition_of_key(record.key, count) if record.key else record.partition % count


def partition_of_key(key: bytes, count: int) -> int:
    """The same of a customer."""
    return int(_partition_of(key, range(count), range(count)))


@asynccontextmanager
async def _readers(
    source: Deployment, position: Mapping[int, int], ends: Mapping[int, int]
) -> AsyncIterator[dict[int, AsyncIterator[list[ConsumerRecord]]]]:
    """Readers of the partitions that have more, from where each stands to its end."""
    async with AsyncExitStack() as stack:
        yield {
            partition: await stack.enter_async_context(
                aclosing(read(source, names_of(source).log, partition, begin=begin, end=end))
            )
            for partition, end in ends.items()
            if (begin := position.get(partition, 0)) < end
        }


@asynccontextmanager
async def new_log_producer(target: Deployment) -> AsyncIterator[AIOKafkaProducer]:
    """A producer as all have that write into a log: idempotent, and never transactional."""
    async with AIOKafkaProducer(
        **connection(target.kafka),
        client_id="subfold-log-copy",
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
        max_request_size=LOG_BYTES_MAX,
    ) as producer:
        yield producer
