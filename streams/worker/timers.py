"""When the rows of one partition are due: what the clock asks, at a cost of what is due alone.

A heap of due times, which may hold older ones of a row: what it is due for now decides. Rows of
older settings may be due at another time by the newer ones: they are examined anew bit by bit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import NamedTuple

from schemas.records import clock_key
from schemas.rows import Row

NOT_YET = sys.maxsize
"""Stands for an offset until it is known."""
Headers = tuple[tuple[str, bytes], ...]
OUTDATED_MAX = 1_000
"""Entries that the heap may hold beyond twice what is due, before it is made anew."""


class Due(NamedTuple):
    """When a row is due next, and the settings by which it is so.

    With a `clock` it is due by that test clock of Stripe's, not by ours: the key of its records.
    """

    at: int | None
    settings_version: int
    clock: str | None = None

    @classmethod
    def of(cls, row: Row) -> Due:
        """Of a row as it was folded."""
        clock = clock_key(row.subject, row.clock) if row.clock else None
        return cls(row.due_at, row.announced.settings_version, clock)

    def headers(self) -> Headers:
        """What stands beside the row in the changelog, so that a start need not read the rows."""
        return (
            ("due_at", b"" if self.at is None else b"%d" % self.at),
            ("settings_version", b"%d" % self.settings_version),
            ("clock", (self.clock or "").encode()),
        )

    @classmethod
    def read(cls, headers: Iterable[tuple[str, bytes | None]]) -> Due:
        """Read what `headers` wrote."""
        words = {name: word or b"" for name, word in headers}
        at = words["due_at"]
        return cls(
            int(at) if at else None, int(words["settings_version"]), words["clock"].decode() or None
        )


class Tick(NamedTuple):
    """A tick to be written; `clock` is the key of the test clock that the row lives by."""

    key: bytes
    due_at: int
    clock: str | None = None


@dataclass(slots=True)
class Timers:
    """The due times of one partition's rows.

    Attributes:
        due: By key, of the rows that live by our clock and are due at some time.
        of_clocks: The same of rows that live by a test clock, by that clock's key.
        older: Keys of rows that were folded under older settings.
        waiting: By key, ticks on their way with their offsets in the log.
    """

    due: dict[bytes, int] = field(default_factory=dict)
    of_clocks: dict[str, dict[bytes, int]] = field(default_factory=dict)
    older: set[bytes] = field(default_factory=set)
    waiting: dict[bytes, tuple[Tick, int]] = field(default_factory=dict)
    _heap: list[tuple[int, bytes]] = field(default_factory=list)
    _clocks: dict[bytes, str] = field(default_factory=dict)

    def set(self, key: bytes, due: Due, *, settings_version: int) -> None:
        """Remember when a row is due now."""
        self.drop(key)
        if due.settings_version < settings_version:
            self.older.add(key)
        if due.at is None:
            return
        if due.clock is not None:
            self._clocks[key] = due.clock
            self.of_clocks.setdefault(due.clock, {})[key] = due.at
            return
        self.due[key] = due.at
        heappush(self._heap, (due.at, key))
        if len(self._heap) > 2 * len(self.due) + OUTDATED_MAX:
            self._heap = [(at, each) for each, at in self.due.items()]
            heapify(self._heap)

    def drop(self, key: bytes) -> None:
        """Forget a row."""
        self.due.pop(key, None)
        self.older.discard(key)
        clock = self._clocks.pop(key, None)
        if clock is not None:
            self.of_clocks[clock].pop(key, None)

    def outdate(self, keys: Iterable[bytes]) -> None:
        """Newer settings are in force: these rows are to be examined anew."""
        self.older.update(keys)

    def next_at(self) -> int | None:
        """When the next row is due by our clock."""
        while self._heap and self.due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: int, limit: int) -> list[Tick]:
        """The ticks to be written now, earliest first; each waits until it is `settled`."""
        ticks: list[Tick] = []
        while len(ticks) < limit and (at := self.next_at()) is not None and at <= now:
            key = heappop(self._heap)[1]
            if key not in self.waiting:
                ticks.append(Tick(key, at))
                self.written(ticks[-1], NOT_YET)
        return ticks

    def is_due(self, tick: Tick) -> bool:
        """Whether its row is due for just this tick."""
        due = self.of_clocks.get(tick.clock, {}) if tick.clock else self.due
        return due.get(tick.key) == tick.due_at

    def take_due_of_clocks(self, frozen: Mapping[str, int], limit: int) -> list[Tick]:
        """The same by test clocks that stand at these times."""
        found = (
            Tick(key, at, clock)
            for clock, now in frozen.items()
            for key, at in self.of_clocks.get(clock, {}).items()
            if at <= now and key not in self.waiting
        )
        ticks = list(islice(found, limit))
        for tick in ticks:
            self.written(tick, NOT_YET)
        return ticks

    def written(self, tick: Tick, offset: int) -> None:
        """Remember where a tick stands in the log."""
        self.waiting[tick.key] = (tick, offset)

    def settled(self, position: int) -> list[Tick]:
        """Let go of ticks that the fold has passed; what is due still is to be ticked again."""
        passed = [tick for tick, offset in self.waiting.values() if offset < position]
        for tick in passed:
            self.give_back(tick.key)
        return passed

    def give_back(self, key: bytes) -> None:
        """A tick was not written, or is folded: its row is due as it says."""
        self.waiting.pop(key, None)
        if key in self.due:
            heappush(self._heap, (self.due[key], key))
