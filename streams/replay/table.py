"""Rows of one partition in memory, as bytes: what a rebuild folds into."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.codec import decode_row
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.clocks import NO_CLOCKS, Clocks
from streams.worker.batch import Folded
from streams.worker.marker import Marker

DECODED_ROWS_MAX = 20_000


@dataclass(slots=True)
class Table:
    """The rows of one partition, its marker, and settings and test clocks where it stands."""

    stored_rows: dict[bytes, bytes] = field(default_factory=dict)
    marker: Marker = field(default_factory=Marker)
    settings: SettingsInForce = field(default_factory=SettingsInForce)
    clocks: Clocks = NO_CLOCKS
    decoded: OrderedDict[bytes, Row] = field(default_factory=OrderedDict)

    def row(self, key: bytes) -> Row | None:
        """The row of a customer.

        Raises:
            SubfoldError: Its bytes cannot be read, or a newer release wrote them.
        """
        row = self.decoded.get(key)
        if row is not None:
            self.decoded.move_to_end(key)
            return row
        data = self.stored_rows.get(key)
        return None if data is None else decode_row(data)

    def stored(self, key: bytes) -> bytes | None:
        """The same as bytes."""
        return self.stored_rows.get(key)

    def take(self, folded: Folded) -> None:
        """Take over what some records came to."""
        self.put(folded.rows, folded.stored)
        self.settings = folded.settings
        self.clocks = folded.clocks
        self.marker = self.marker.after(
            next_offset=folded.next_offset,
            settings_version=folded.settings.version,
            fates=folded.fates,
        )

    def put(self, rows: Mapping[bytes, Row], stored: Mapping[bytes, bytes]) -> None:
        """Put rows in."""
        self.stored_rows.update(stored)
        for key, row in rows.items():
            self.decoded[key] = row
            self.decoded.move_to_end(key)
        while len(self.decoded) > DECODED_ROWS_MAX:
            self.decoded.popitem(last=False)
