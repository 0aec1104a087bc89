"""Writes rebuilt rows in place of live ones: bounded transactions, and the marker last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from schemas.rows import Row
from schemas.updates import Envelope
from streams.replay.table import Table
from streams.worker.batch import Folded, Output, update_output, view_output
from streams.worker.marker import Marker
from streams.worker.names import Names
from streams.worker.partition import Partition
from streams.worker.transaction import commit

ROWS_MAX = 200
"""Of one transaction: up to 3 MiB each, with the row for readers."""


@dataclass(slots=True)
class Writer:
    """Writes into one partition; `base` has the marker and the settings that are to stand there."""

    partition: Partition
    names: Names
    base: Table

    async def write(
        self, rows: Mapping[bytes, Row], updates: Sequence[Envelope], *, is_lost: bool
    ) -> None:
        """Put these rows in place, and tell these updates with them.

        Where the marker is lost, the partition stays closed to workers until `finish`: a kill in
        between leaves it so, and the replay is to be run again.
        """
        told: defaultdict[str, list[Envelope]] = defaultdict(list)
        for update in updates:
            told[update.subject].append(update)
        for part in _parts(rows):
            outputs = [view_output(row, self.base.settings) for row in part.values()]
            for row in part.values():
                outputs += map(update_output, told[row.subject])
            marker = replace(self.base.marker, is_rebuilding=is_lost)
            await self._commit(part, outputs, marker)

    async def append(self, outputs: list[Output]) -> None:
        """Write other records, while the partition is closed."""
        await self._commit({}, outputs, replace(self.base.marker, is_rebuilding=True))

    async def finish(self) -> None:
        """Open the partition to workers: all rows are there."""
        await self._commit({}, [], self.base.marker)

    async def _commit(
        self, rows: Mapping[bytes, Row], outputs: list[Output], marker: Marker
    ) -> None:
        folded = Folded.without_records(
            rows,
            outputs,
            next_offset=marker.next_offset,
            settings=self.base.settings,
            clocks=self.base.clocks,
        )
        await commit(self.partition, folded, marker, self.names)


def _parts(rows: Mapping[bytes, Row]) -> Iterator[dict[bytes, Row]]:
    rest = iter(rows.items())
    while part := dict(islice(rest, ROWS_MAX)):
        yield part
