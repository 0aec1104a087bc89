"""When the rows of one partition are due: what the clock asks, at a cost of what is due alone.

A heap of due times, which may hold older ones of a row: what it is due for now decides. Rows of
older settings may be due at another time by the newer ones: they are examined anew bit by bit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import NamedTuple

from schemas.records import clock_key
from schemas.rows import Row
from streams.worker.backlog import Backlog
from streams.worker.pauses import Pauses

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
    def read(cls, headers: Iterable[tuple[str, bytes | None]]) -> Due | None:
        """Read what `headers` wrote; None where a release wrote that knew no due times."""
        words = {name: word or b"" for name, word in headers}
        if "due_at" not in words:
            return None
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
        pauses: Of rows whose ticks were in vain.
        backlog: What is folded before the next ticks are written.
    """

    due: dict[bytes, int] = field(default_factory=dict)
    of_clocks: dict[str, dict[bytes, int]] = field(default_factory=dict)
    older: set[bytes] = field(default_factory=set)
    waiting: dict[bytes, tuple[Tick, int]] = field(default_factory=dict)
    pauses: Pauses = field(default_factory=Pauses)
    backlog: Backlog = field(default_factory=Backlog)
    _heap: list[tuple[int, bytes]] = field(default_factory=list)
    _clocks: dict[bytes, str] = field(default_factory=dict)

    def set(self, key: bytes, due: Due, *, settings_version: int) -> None:
        """Remember when a row is due now."""
        self.pauses.end(key, unless_due_at=due.at)
        self._remove(key)
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
        self.pauses.end(key)
        self._remove(key)

    def _remove(self, key: bytes) -> None:
        self.due.pop(key, None)
        self.older.discard(key)
        clock = self._clocks.pop(key, None)
        if clock is not None:
            self.of_clocks[clock].pop(key, None)

    def outdate(self, keys: Iterable[bytes]) -> None:
        """Newer settings are in force: these rows are to be examined anew."""
        self.older.update(keys)

    def take_older(self, limit: int) -> list[bytes]:
        """Rows of older settings, to be examined and `set` again; the cost is that of these."""
        return [self.older.pop() for _ in range(min(limit, len(self.older)))]

    def next_at(self) -> int | None:
        """When the next row is due by our clock."""
        while self._heap and self.due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def is_any_due(self, now: int, frozen: Mapping[str, int]) -> bool:
        """Whether there is a tick to be written now, by our clock or by these test clocks."""
        at = self.next_at()
        return (at is not None and at <= now) or any(True for _ in self._due_of_clocks(frozen))

    def take_due(self, now: int, limit: int) -> list[Tick]:
        """The ticks to be written now, earliest first; each waits until it is `settled`."""
        ticks: list[Tick] = []
        while len(ticks) < limit and (at := self.next_at()) is not None and at <= now:
            key = heappop(self._heap)[1]
            if self._is_free(key):
                ticks.append(Tick(key, at))
                self.written(ticks[-1], NOT_YET)
        return ticks

    def is_due(self, tick: Tick) -> bool:
        """Whether its row is due for just this tick."""
        due = self.of_clocks.get(tick.clock, {}) if tick.clock else self.due
        return due.get(tick.key) == tick.due_at

    def take_due_of_clocks(self, frozen: Mapping[str, int], limit: int) -> list[Tick]:
        """The same by test clocks that stand at these times."""
        ticks = list(islice(self._due_of_clocks(frozen), limit))
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
        self._arm_again(key)

    def in_vain(self, tick: Tick, now_s: float) -> bool:
        """Whether a settled tick has left its row as due as it was: then the row pauses."""
        if not self.is_due(tick):
            return False
        self.pauses.begin(tick.key, tick.due_at, now_s)
        return True

    def resume(self, now_s: float) -> None:
        """Arm rows again whose pause is over."""
        for key in self.pauses.over(now_s):
            self._arm_again(key)

    def _due_of_clocks(self, frozen: Mapping[str, int]) -> Iterator[Tick]:
        for clock, now in frozen.items():
            for key, at in self.of_clocks.get(clock, {}).items():
                if at <= now and self._is_free(key):
                    yield Tick(key, at, clock)

    def _is_free(self, key: bytes) -> bool:
        return key not in self.waiting and key not in self.pauses

    def _arm_again(self, key: bytes) -> None:
        if key in self.due:
            heappush(self._heap, (self.due[key], key))
