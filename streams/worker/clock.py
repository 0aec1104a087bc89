"""The clock: when a row is due, a tick for its customer goes into the log, like any other record.

A tick may be written twice, by two workers or after a restart: the second changes nothing. What was
due before a record is folded before it anyway, so that a tick may come late without harm. The
broker's time counts, which its answers show: our own may be wrong.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata
from mode import Service

from schemas.codec import NewerRowError
from schemas.records import TICK, Kind, tick_id
from streams import metrics
from streams.log.records import log_headers
from streams.reading import tick_value
from streams.worker.agent import guarded
from streams.worker.broker_time import BrokerTime
from streams.worker.examining import examined
from streams.worker.exits import Exit, exit_now
from streams.worker.names import SERVICE_LOGGER
from streams.worker.partition import Partition
from streams.worker.timers import Tick
from streams.worker.walk import walk

if TYPE_CHECKING:
    from streams.worker.app import WorkerApp
    from streams.worker.transport import BatchConsumer

POLL_S = 0.5
TICKS_MAX = 1_000
"""Of one partition at once; they wait to be folded before more are written."""
EXAMINED_MAX = 100
"""Rows of older settings that are examined at once: a few milliseconds."""
BRING_UP_S = 1.0
"""Spent on such rows of all partitions, before the clock looks at what is due again."""
BREATH_S = 0.05
"""Between two such spells, for whoever else waits."""

log = structlog.get_logger()


class Clock(Service):
    """Ticks for the partitions that are ours, as long as they are."""

    logger = SERVICE_LOGGER

    def __init__(self, app: WorkerApp) -> None:
        super().__init__()
        self.app = app
        self._producer: AIOKafkaProducer | None = None
        self._time = BrokerTime(wall=time.time, steady=time.monotonic)

    @Service.task
    async def _run(self) -> None:
        pause_s = POLL_S
        while not self.should_stop:
            await self.sleep(pause_s)
            try:
                pause_s = await self._look()
            except NewerRowError as error:
                exit_now(Exit.NEWER_ROW, hint=str(error))
            except Exception as error:
                where = "".join(traceback.format_tb(error.__traceback__))
                exit_now(Exit.BUG, at="clock", error=type(error).__name__, where=where)

    async def on_stop(self) -> None:
        """Write what waits, and let go of Kafka."""
        await self._forget_producer()

    async def _look(self) -> float:
        """Visit each partition, and give how long to wait until the next time."""
        partitions = list(self.app.held.partitions.values())
        for partition in partitions:
            try:
                if self._is_ours(partition):
                    await self._visit(partition)
            except KafkaError as error:  # perhaps of this partition alone
                log.warning("ticks_not_written", error=type(error).__name__)
                await self._forget_producer()
        await self._bring_up_some(partitions)
        return BREATH_S if any(each.timers.older for each in partitions) else POLL_S

    def _is_ours(self, partition: Partition) -> bool:
        held = self.app.held
        return held.is_ready and held.partitions.get(partition.number) is partition

    async def _visit(self, partition: Partition) -> None:
        timers, number, now_s = partition.timers, partition.number, self._time.now_s()
        self._look_at_settled(partition)
        timers.resume(time.monotonic())
        metrics.timers.labels(number).set(len(timers.due))
        frozen = {key: state.frozen_time for key, state in partition.clocks.states.items()}
        if not timers.is_any_due(int(now_s), frozen):
            timers.backlog.forget()
            if not timers.waiting:
                metrics.tick_lag_seconds.labels(number).set(0)
            return
        if (at := timers.next_at()) is not None and at <= now_s:
            metrics.tick_lag_seconds.labels(number).set(now_s - at)
        if self._is_backlog_folded(partition):
            room = TICKS_MAX - len(timers.waiting)
            # How far our clock is ahead is known by the first answer: one tick asks for it.
            ticks = timers.take_due(int(now_s), room if self._time.is_known else min(room, 1))
            ticks += timers.take_due_of_clocks(frozen, room - len(ticks))
            await self._write(partition, ticks)

    def _is_backlog_folded(self, partition: Partition) -> bool:
        consumer = cast("BatchConsumer", self.app.consumer)
        return partition.timers.backlog.is_folded(
            position=partition.marker.next_offset,
            end=consumer.log_end(partition.number),
            now_s=time.monotonic(),
        )

    def _look_at_settled(self, partition: Partition) -> None:
        """Ticks that were folded; some may have left their rows as they were."""
        timers, now_s = partition.timers, time.monotonic()
        settled = timers.settled(partition.marker.next_offset)
        in_vain = sum(timers.in_vain(tick, now_s) for tick in settled)
        if in_vain:
            metrics.ticks.labels("ignored").inc(in_vain)
            log.error(
                "ticks_ignored",
                partition=partition.number,
                count=in_vain,
                hint="our clock is ahead of the broker's, or they are among the dead letters",
            )

    async def _bring_up_some(self, partitions: Sequence[Partition]) -> None:
        """Bring rows of older settings to those in force, a few at a time, or only their timers."""
        until_s = time.monotonic() + BRING_UP_S
        for partition in partitions:
            older = partition.timers.older
            while older and self._is_ours(partition) and time.monotonic() < until_s:
                if partition.settings.announce == "from_now_on":
                    await self._examine(partition)
                else:
                    await guarded(self.app, partition.number, walk(self.app, partition))
            if self._is_ours(partition):
                metrics.older_rows.labels(partition.number).set(len(older))

    async def _examine(self, partition: Partition) -> None:
        timers, settings = partition.timers, partition.settings
        keys = timers.take_older(EXAMINED_MAX)
        stored = {key: data for key in keys if (data := partition.stored(key)) is not None}
        found = await asyncio.get_running_loop().run_in_executor(
            self.app.folding, examined, stored, settings
        )
        if missing := len(stored) - len(found):
            log.error("rows_not_examined", partition=partition.number, count=missing)
        for key, due in found.items():
            # What was folded meanwhile is known better; and newer settings may be in force by now.
            if partition.stored(key) is stored[key]:
                timers.set(key, due, settings_version=partition.settings.version)

    async def _write(self, partition: Partition, ticks: list[Tick]) -> None:
        written = 0
        try:
            producer = await self._ready_producer()
            sent = [(tick, await self._send(producer, partition.number, tick)) for tick in ticks]
            for tick, future in sent:
                answer = await future
                partition.timers.written(tick, answer.offset)
                self._time.answered(answer.timestamp)
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
            self._producer = producer
            await producer.start()
        return self._producer

    async def _forget_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()
