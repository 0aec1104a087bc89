"""Faust's transport, changed in two things: it hands on whole fetches, and it never commits.

The consumer runs in a thread of its own, so that heartbeats go on while a batch is folded. It reads
committed records only, and never moves to an offset by itself: only our seeks and its own reading
move it. That makes a jump visible, whoever made it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import Message
from mode.utils.futures import notify

from streams.log.topics import MIB
from streams.worker.exits import Exit, exit_now
from streams.worker.names import SERVICE_LOGGER

if TYPE_CHECKING:
    from streams.worker.app import WorkerApp


FETCH_BYTES = 4 * MIB
"""Of one partition at once: about a thousand events."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """What was fetched of one partition, and waits to be folded.

    `after` is where the fetch before it ended, or where the partition was sought to: what lies
    between `after` and the first record are control records, which Kafka never delivers. `epoch`
    counts the seeks.
    """

    epoch: int
    after: int
    records: list[ConsumerRecord]

    def take(self) -> list[ConsumerRecord]:
        """Give the records to the fold; from now on none joins them."""
        taken, self.records = self.records, []
        return taken

    def join(self, later: Batch) -> bool:
        """Take in the next fetch; not if the fold has this one, or it came by another seek.

        Without it each of many small fetches would wait for the transaction of the one before.
        """
        if not self.records or self.epoch != later.epoch:
            return False
        if sum(len(each.value or b"") for each in (*self.records, *later.records)) > FETCH_BYTES:
            return False
        self.records += later.records
        return True


class BatchThread(driver.AIOKafkaConsumerThread):
    """The thread in which aiokafka's consumer fetches and sends its heartbeats."""

    logger = SERVICE_LOGGER
    app: WorkerApp
    epoch = 0

    def __post_init__(self) -> None:
        """Start with no place in any partition."""
        super().__post_init__()
        self._after: dict[TP, int] = {}

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        # Faust would read committed records only together with its own transactions, and would
        # take another road to the broker than our producers take.
        conf = self.app.conf
        self._assignor = self.app.assignor
        return AIOKafkaConsumer(
            **self.app.connection,
            client_id=self.app.names.group,
            group_id=self.app.names.group,
            partition_assignment_strategy=[self._assignor],
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
        )

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> Mapping[TP, Any]:
        # Faust changes the set meanwhile, and an empty one would mean all partitions.
        active = frozenset(active_partitions)
        if not active:
            return {}
        try:
            fetched = await super()._fetch_records(consumer, active, timeout, max_records)  # type: ignore[arg-type] # it only reads the set
        except NoOffsetForPartitionError:
            return {}  # from before the first seek: the group knows no offset, and we do not ask it
        except OffsetOutOfRangeError as error:
            exit_now(Exit.GAP, hint="the log was cut or made anew", partitions=str(error))
        # What was never sought is not read yet either: its seek is still to come.
        return {tp: self._batch(tp, got) for tp, got in fetched.items() if tp in self._after}

    def _batch(self, tp: TP, records: list[ConsumerRecord]) -> Batch:
        after = self._after[tp]
        self._after[tp] = records[-1].offset + 1
        return Batch(epoch=self.epoch, after=after, records=records)

    async def _seek_wait(self, consumer: AIOKafkaConsumer, partitions: Mapping[TP, int]) -> None:
        self.epoch += 1
        self._after = dict(partitions)
        await super()._seek_wait(consumer, partitions)

    async def committed(self, tps: set[TP]) -> dict[TP, int | None]:
        """The group's own offsets, for comparison only."""

        async def ask() -> dict[TP, int | None]:
            consumer = self._ensure_consumer()
            return {tp: await consumer.committed(tp) for tp in tps}

        found: dict[TP, int | None] = await self.call_thread(ask)
        return found


class BatchConsumer(driver.Consumer):
    """Hands the agent one message for each fetch and partition; transactions commit, not it."""

    logger = SERVICE_LOGGER
    app: WorkerApp
    _thread: BatchThread

    def __post_init__(self) -> None:
        """Start with nothing that waits."""
        super().__post_init__()
        self._waiting: dict[TP, Batch] = {}

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 - Faust's signature
        """Fetch, and give a message for each partition where none waits; its value is a `Batch`."""
        fetched, active = await self._wait_next_records(timeout)
        batches = cast(dict[TP, Batch], fetched or {})
        generation = self.app.consumer_generation_id
        for tp, batch in batches.items():
            # What is not handed on here is read again: each way out of these states seeks.
            if self.should_stop or not self.flow_active:
                return
            if self.app.consumer_generation_id != generation:
                return
            if tp in (active or ()) or tp in self._buffered_partitions:
                if (waiting := self._waiting.get(tp)) and waiting.join(batch):
                    continue
                self._waiting[tp] = batch
                message = self._to_message(tp, batch.records[0])
                message.key, message.value = None, cast(Any, batch)
                yield tp, message

    async def perform_seek(self) -> None:
        """Seek to where the partitions' own markers say; the group's offsets are not asked."""
        held = self.app.held.partitions
        places = {TP(self.app.names.log, each.number): each for each in held.values()}
        await self.seek_wait({tp: each.marker.next_offset for tp, each in places.items()})
        for partition in held.values():
            partition.epoch = self._thread.epoch

    def log_end(self, number: int) -> int | None:
        """Where the log ended when it was last fetched; None before that, or when it is lost."""
        consumer = self._thread._consumer  # noqa: SLF001 - Faust's `highwater` asks in vain for an own topic
        place = TopicPartition(self.app.names.log, number)
        try:
            end = consumer.highwater(place) if consumer else None
        except (AssertionError, IllegalStateError):
            return None
        return None if end is None else int(end)

    async def group_offsets(self, numbers: set[int]) -> dict[int, int | None]:
        """What the group has committed of the log's partitions, for comparison only."""
        found = await self._thread.committed({TP(self.app.names.log, each) for each in numbers})
        return {tp.partition: offset for tp, offset in found.items()}

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Commit nothing: it could rewind what a transaction has committed."""
        return False

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        # Batches make the offsets jump; Faust would book the jumps as acknowledged.
        return

    def ack(self, message: Message) -> bool:
        """Let go of a message that the agent is done with, and wake who waits for that."""
        message.acked = True
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)
        return True

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Say nothing: Faust would take the absence of its own commits for a standstill."""


class BatchTransport(driver.Transport):
    """aiokafka's transport with our consumer."""

    Consumer = BatchConsumer
