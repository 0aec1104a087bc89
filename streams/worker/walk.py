"""The walk over rows of older settings: bounded transactions beside those of the fold.

Each row that is walked says by which settings it is, so that a walk that broke off goes on with
what is left, and each row is told once. Where settings count from now on, nothing is walked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from schemas.codec import decode_row
from schemas.errors import BadRecordError
from schemas.rows import Row
from streams.restating import resettled
from streams.worker.batch import Folded, Output, update_output, view_output
from streams.worker.partition import Partition
from streams.worker.transaction import FencedError, commit

if TYPE_CHECKING:
    from streams.worker.app import WorkerApp

ROWS_MAX = 100
"""Of one transaction: events wait no longer than for these."""

log = structlog.get_logger()


async def walk(app: WorkerApp, partition: Partition) -> None:
    """Bring some of the older rows to the settings in force, in one transaction.

    Raises:
        FencedError: The partition is not ours any more.
        UnknownCommitError: It may have been written, or not.
    """
    async with partition.lock:
        keys = partition.timers.take_older(ROWS_MAX)
        stored = {key: data for key in keys if (data := partition.stored(key)) is not None}
        folded = await asyncio.get_running_loop().run_in_executor(
            app.folding, _walked, stored, partition
        )
        partition.read_to = await commit(partition, folded, partition.marker, app.names)
        if app.held.partitions.get(partition.number) is not partition:
            raise FencedError
        partition.committed(
            rows=folded.rows,
            stored=folded.stored,
            marker=partition.marker,
            settings=partition.settings,
            clocks=partition.clocks,
        )


def _walked(stored: Mapping[bytes, bytes], partition: Partition) -> Folded:
    settings = partition.settings
    rows: dict[bytes, Row] = {}
    outputs: list[Output] = []
    for key, data in stored.items():
        row, updates = resettled(decode_row(data), settings)
        try:
            written = [view_output(row, settings), *map(update_output, updates)]
        except BadRecordError:  # it would be too large: it waits for its next record
            log.warning("row_not_walked", partition=partition.number, settings=settings.version)
            continue
        rows[key] = row
        outputs += written
    return Folded.without_records(
        rows,
        outputs,
        next_offset=partition.marker.next_offset,
        settings=settings,
        clocks=partition.clocks,
    )
