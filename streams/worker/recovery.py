"""Faust's recovery, replaced: fence, read the rows in bulk, seek, and only then let events flow.

Faust's own lets events into queues that it empties a moment later, asks the group where to go on,
and reads rows one by one. What it does around that, for its agents and tables, is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aiokafka.errors import IllegalStateError, KafkaError
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP
from mode import Service

from schemas.codec import NewerRowError
from streams.worker.exits import Exit, exit_now
from streams.worker.names import SERVICE_LOGGER
from streams.worker.takeover import compare_with_group, take_over

if TYPE_CHECKING:
    from streams.worker.app import WorkerApp
    from streams.worker.transport import BatchConsumer


class RowsRecovery(Recovery):
    """Runs once after each rebalance."""

    logger = SERVICE_LOGGER
    app: WorkerApp
    _rebalance = 0

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Note which rebalance this is, and have Faust signal the start."""
        self._rebalance = self.app.rebalancing_count
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    @Service.task
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):  # type: ignore[arg-type] # Faust's own does so, too
                return
            self.signal_recovery_start.clear()
            try:
                await self._recover(self._rebalance, self._generation_id)
            except NewerRowError as error:
                exit_now(Exit.NEWER_ROW, hint=str(error))
            except IllegalStateError:
                continue  # a partition was lost meanwhile: the next rebalance signals again
            except KafkaError as error:
                exit_now(Exit.KAFKA, error=type(error).__name__, at="takeover")

    @Service.task
    async def _slurp_changelogs(self) -> None:
        await self.wait_for_stopped(self._stopped)

    @Service.task
    async def _publish_stats(self) -> None:
        return

    async def on_stop(self) -> None:
        """Let go of the partitions, so that their next owner has nothing to wait for."""
        held = self.app.held
        held.is_ready = False
        for partition in held.forget(set(held.partitions)):
            await partition.producer.stop()

    async def _recover(self, rebalance: int, generation: int) -> None:
        app, consumer = self.app, cast("BatchConsumer", self.app.consumer)
        await app.on_rebalance_complete.send()
        mine = {tp.partition for tp in app.assignor.assigned_actives() if tp.topic == app.names.log}
        await take_over(app.held, mine, names=app.names, connection=app.connection)
        compare_with_group(app.held.partitions, await consumer.group_offsets(mine))
        if self._is_outdated(rebalance, generation):
            return
        await consumer.perform_seek()
        # A worker that was frozen during the seek must not start the flow of a new assignment.
        if self._is_outdated(rebalance, generation):
            return
        self._start_flow(consumer)
        await app._fetcher.maybe_start()  # noqa: SLF001
        app.held.is_ready = True

    def _is_outdated(self, rebalance: int, generation: int) -> bool:
        return (
            self.app.rebalancing_count != rebalance
            or self.app.consumer_generation_id != generation
            or self.signal_recovery_start.is_set()
        )

    def _start_flow(self, consumer: BatchConsumer) -> None:
        """Start in this order, and without a pause between.

        `flow_control.resume` empties the queues of the streams: nothing may be in them yet.
        """
        app = self.app
        self.completed.set()
        app.flow_control.resume()
        consumer.resume_partitions(
            {tp for tp in consumer.assignment() if tp.topic == app.names.log}
        )
        consumer.resume_flow()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()


class RowsTableManager(TableManager):
    """Faust's, but for the recovery."""

    logger = SERVICE_LOGGER

    @property
    def recovery(self) -> Recovery:
        """The service that makes tables ready after a rebalance."""
        if self._recovery is None:
            self._recovery = RowsRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    def on_rebalance_start(self) -> None:
        """Not ready from here on, until the rows of the new assignment are read."""
        super().on_rebalance_start()
        cast("WorkerApp", self.app).held.is_ready = False
