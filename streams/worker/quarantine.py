"""Finds the record that kills the process, and has it buried unfolded.

An exception is a dead letter at once; a crash of the interpreter, or the memory that ran out, says
nothing. So the marker counts. A start that finds the one before stuck at the same place goes record
by record, and writes before each that it is tried. Who is stopped for another reason is hardly ever
stopped three times within the fold of the same record.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

import structlog

from streams.worker.batch import RECORDS_MAX, Folded
from streams.worker.marker import Marker
from streams.worker.names import Names
from streams.worker.partition import Partition
from streams.worker.transaction import commit

TRIES = 3
"""Times that a record may end the process while it alone is folded."""

log = structlog.get_logger()


async def note_start(partition: Partition, names: Names) -> None:
    """Say that a start has come to its first records; go one by one where the last came no further.

    Raises:
        FencedError: The partition is not ours any more.
        UnknownCommitError: It may have been written, or not.
    """
    marker = partition.marker
    is_stuck = bool(marker.starts or marker.tries)
    if is_stuck:
        log.warning("folding_one_by_one", partition=partition.number, after=marker.next_offset)
    await _write(replace(marker, starts=marker.starts + 1), partition, names)
    # What killed the one before was in its first transaction.
    partition.alone_before = marker.next_offset + RECORDS_MAX if is_stuck else 0


async def note_try(partition: Partition, names: Names) -> Set[int]:
    """Say that the next record is tried alone.

    Returns:
        Its offset, if that came to nothing often enough: it is to be buried.

    Raises:
        FencedError: The partition is not ours any more.
        UnknownCommitError: It may have been written, or not.
    """
    marker = partition.marker
    if marker.tries >= TRIES:
        log.error("record_quarantined", partition=partition.number, offset=marker.next_offset)
        return {marker.next_offset}
    await _write(replace(marker, tries=marker.tries + 1), partition, names)
    return frozenset()


async def forget_tries(partition: Partition, names: Names) -> None:
    """Say that the process lived through the fold, whatever stops it now.

    Raises:
        FencedError: The partition is not ours any more.
        UnknownCommitError: It may have been written, or not.
    """
    if partition.marker.starts or partition.marker.tries:
        await _write(replace(partition.marker, starts=0, tries=0), partition, names)


async def _write(marker: Marker, partition: Partition, names: Names) -> None:
    nothing = Folded.without_records(
        {},
        (),
        next_offset=marker.next_offset,
        settings=partition.settings,
        clocks=partition.clocks,
    )
    partition.read_to = await commit(partition, nothing, marker, names)
    partition.marker = marker
