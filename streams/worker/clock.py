"""The clock: when a row is due, a tick for its customer goes into the log, like any other record.

A tick may be written twice, by two workers or after a restart: the second changes nothing. What was
due before a record is folded before it anyway, so that a tick may come late without harm. The
broker's time counts, which its answers show: our own may be wrong.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata
from mode import Service

from schemas.codec import decode_row
from schemas.records import TICK, Kind, tick_id
from streams import metrics
from streams.log.records import log_headers
from streams.pipeline import due_at_of
from streams.reading import tick_value
from streams.worker.agent import guarded
from streams.worker.names import SERVICE_LOGGER
from streams.worker.partition import Partition
from streams.worker.timers import Due, Tick
from streams.worker.walk import walk

if TYPE_CHECKING:
    from streams.worker.app import WorkerApp
    from streams.worker.transport import BatchConsumer

POLL_S = 0.5
TICKS_MAX = 1_000
"""Of one partition at once; they wait to be folded before more are written."""
EXAMINED_MAX = 100
"""Rows of older settings that are examined at once."""
WALK_S = 5
"""How long rows of older settings are walked before the clock looks at other things."""
PAUSE_S = 60
"""After ticks that were ignored: the broker's clock is far behind ours."""

log = structlog.get_logger()


class Clock(Service):
    """Ticks for the partitions that are ours, as long as they are."""

    logger = SERVICE_LOGGER

    def __init__(self, app: WorkerApp) -> None:
        super().__init__()
        self.app = app
        self._producer: AIOKafkaProducer | None = None
        self._ahead_s = 0.0
        self._paused_until_s = 0.0

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            await self.sleep(POLL_S)
            try:
                for partition in list(self.app.held.partitions.values()):
                    if self.app.held.is_ready:
                        await self._visit(partition)
            except KafkaError as error:
                log.warning("ticks_not_written", error=type(error).__name__)
                await self._forget_producer()

    async def on_stop(self) -> None:
        """Write what waits, and let go of Kafka."""
        await self._forget_producer()

    async def _visit(self, partition: Partition) -> None:
        timers = partition.timers
        self._look_at_settled(partition)
        if timers.older:
            await self._bring_up(partition)
        now_s = time.time() - self._ahead_s
        if time.monotonic() < self._paused_until_s or not self._has_folded_all(partition):
            return
        room = TICKS_MAX - len(timers.waiting)
        ticks = timers.take_due(int(now_s), room)
        if ticks:
            await self._write(partition, ticks)
            metrics.tick_lag_seconds.labels(partition.number).set(now_s - ticks[-1].due_at)
        frozen = {key: state.frozen_time for key, state in partition.clocks.states.items()}
        ticks = timers.take_due_of_clocks(frozen, room - len(ticks))
        if ticks:
            await self._write(partition, ticks)
        metrics.timers.labels(partition.number).set(len(timers.due))

    def _has_folded_all(self, partition: Partition) -> bool:
        """What is in the log already may change what is due, and lets time pass itself."""
        consumer = cast("BatchConsumer", self.app.consumer)
        end = consumer.log_end(partition.number)
        # A control record at the end is never folded.
        return end is not None and partition.marker.next_offset >= end - 1

    def _look_at_settled(self, partition: Partition) -> None:
        """A row that its tick has left as it was: the fold found it too far ahead."""
        settled = partition.timers.settled(partition.marker.next_offset)
        ignored = sum(map(partition.timers.is_due, settled))
        if ignored:
            metrics.ticks.labels("ignored").inc(ignored)
            log.error("ticks_ignored", count=ignored, hint="the clocks of worker and broker differ")
            self._paused_until_s = time.monotonic() + PAUSE_S

    async def _bring_up(self, partition: Partition) -> None:
        """Bring rows of older settings to those in force, a few at a time, or only their timers."""
        if partition.settings.announce == "from_now_on":
            await self._examine(partition)
            return
        until_s = time.monotonic() + WALK_S
        while partition.timers.older and time.monotonic() < until_s:
            await guarded(self.app, partition.number, walk(self.app, partition))
            if self.app.held.partitions.get(partition.number) is not partition:
                return
        metrics.older_rows.labels(partition.number).set(len(partition.timers.older))

    async def _examine(self, partition: Partition) -> None:
        """Ask rows of older settings when they are due by those in force, a few at a time."""
        timers, settings = partition.timers, partition.settings
        keys = [key for key, _ in zip(timers.older, range(EXAMINED_MAX), strict=False)]
        stored = {key: data for key in keys if (data := partition.stored(key)) is not None}
        if not stored:
            return

        def examine() -> dict[bytes, Due]:
            rows = {key: decode_row(data) for key, data in stored.items()}
            return {
                key: Due.of(row)._replace(
                    at=due_at_of(row, settings), settings_version=settings.version
                )
                for key, row in rows.items()
            }

        found = await asyncio.get_running_loop().run_in_executor(self.app.folding, examine)
        for key, due in found.items():
            if key in timers.older and partition.stored(key) == stored[key]:
                timers.set(key, due, settings_version=settings.version)

    async def _write(self, partition: Partition, ticks: list[Tick]) -> None:
        written = 0
        try:
            producer = await self._ready_producer()
            sent = [(tick, await self._send(producer, partition.number, tick)) for tick in ticks]
            for tick, future in sent:
                answer = await future
                partition.timers.written(tick, answer.offset)
                self._ahead_s = max(0.0, time.time() - answer.timestamp / 1000)
                written += 1
        finally:
            for tick in ticks[written:]:
                partition.timers.give_back(tick.key)
            metrics.ticks.labels("written").inc(written)

    async def _send(
        self, producer: AIOKafkaProducer, partition: int, tick: Tick
    ) -> asyncio.Future[RecordMetadata]:
        subject = tick.key.decode()
        return await producer.send(  # type: ignore[no-any-return]
            self.app.names.log,
            key=tick.key,
            value=tick_value(tick.due_at, tick.clock and tick.clock.rpartition("/")[2]),
            partition=partition,
            headers=log_headers(
                kind=Kind.TICK,
                source=subject.split("/")[0],
                event_id=tick_id(subject, tick.due_at),
                event_type=TICK,
                api_version="",
                received_at_ms=int(time.time() * 1000),
            ),
        )

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **self.app.connection,
                client_id=f"{self.app.names.group}-clock",
                enable_idempotence=True,
                acks="all",
            )
            await producer.start()
            self._producer = producer
        return self._producer

    async def _forget_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()
