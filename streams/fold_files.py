"""The pipeline over files: what `subfold fold` does, and the demo's judge.

Partition 0; the offset is the number of the input line over all files; `recorded_at` is the event's
`created`. Source: docs/contract.md, "`subfold fold`".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import Any

import orjson
from pydantic import ValidationError

from schemas.errors import BadRecordError
from schemas.records import Kind, LogRecord, clock_key
from schemas.rows import Row
from schemas.settings import SettingsInForce
from schemas.times import YEAR_10000
from schemas.updates import Envelope
from schemas.wire.events import FETCHED, Fetched, unwrap
from streams.clocks import NO_CLOCKS, Clocks
from streams.customer_row import customer_row
from streams.event_files import Found
from streams.ingest.keys import read_envelope
from streams.pipeline import Outcome, step
from streams.reading import read_clock, tick_record
from streams.settings import Source

OPEN_SOURCE = Source(accounts=("*",), livemode=True, test=True)
"""Files come from who runs the command: nothing in them is foreign."""


@dataclass(slots=True, kw_only=True)
class Folding:
    """Rows of all customers while files are folded; the only state is here.

    `is_timed`: whether a clock ticks between the events, too, by the times that they show; what is
    due next is in `clock`. Customers of Stripe's test clocks are ticked by those alone, whenever an
    event moves them: `clocks` is where they stand, `of_clocks` whose they are.
    """

    settings: SettingsInForce
    source: str
    is_timed: bool = False
    clock: list[tuple[int, str]] = field(default_factory=list)
    clocks: Clocks = NO_CLOCKS
    of_clocks: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    unreadable: int = 0
    offset: int = 0

    def run(self, inputs: Iterable[Found], *, until: int | None = None) -> Iterator[Envelope]:
        """Fold all inputs, then let time pass for every customer."""
        for found in inputs:
            yield from self.take(found)
        if until is not None:
            yield from self.pass_time(until)

    def take(self, found: Found) -> Iterator[Envelope]:
        """Fold one event; what is wrong with it becomes a complaint and is not fatal."""
        if found.fault:
            self.unreadable += 1
            self.complaints.append(f"{found.place}: {found.fault}")
            return
        record = _fetched(found.body, self.source) or _webhook(found.body, self.source)
        if record.kind is Kind.BROADCAST:
            yield from self._broadcast(record, found.place)
            return
        if self.is_timed and not self._lives_by_clock(record.key):
            yield from self._ticks(record.timestamp_ms // 1000)
        yield from self._step(record, found.place)
        if self.is_timed and record.key in self.rows and (following := self._next(record.key)):
            heappush(self.clock, following)

    def pass_time(self, at: int) -> Iterator[Envelope]:
        """Tick each customer when something is due, all in order of time, and once at the end."""
        self.clock = list(filter(None, map(self._next, self.rows)))
        heapify(self.clock)
        yield from self._ticks(at)
        for key in sorted(self.rows):
            if not self._lives_by_clock(key):
                yield from self._tick(key, at)

    def _ticks(self, at: int) -> Iterator[Envelope]:
        """Give the ticks that are due by then; what a row is due for may have changed meanwhile."""
        while self.clock and self.clock[0][0] <= at:
            due_at, key = heappop(self.clock)
            if self._next(key) != (due_at, key):
                continue
            yield from self._tick(key, due_at)
            following = self._next(key)
            # A tick that could not be folded leaves the row where it was.
            if following is not None and following[0] > due_at:
                heappush(self.clock, following)

    def _next(self, key: str) -> tuple[int, str] | None:
        row = self.rows[key]
        return None if row.due_at is None or row.clock else (row.due_at, key)

    def _lives_by_clock(self, key: str) -> bool:
        return key in self.rows and self.rows[key].clock is not None

    def _broadcast(self, record: LogRecord, place: str) -> Iterator[Envelope]:
        """Move a test clock, and let time pass to where it stands for all who live by it."""
        self.offset += 1
        try:
            seen = read_clock(record)
        except BadRecordError as error:
            self.outcomes[Outcome.DEAD_LETTERED] += 1
            self._complain(record, place, error)
            return
        if seen is None:
            return
        self.outcomes[Outcome.DUPLICATE if self.clocks.knows(seen) else "broadcast"] += 1
        self.clocks = self.clocks.joined(seen)
        frozen_time = self.clocks.get(seen.key).frozen_time
        due = {
            (due_at, key)
            for key in self.of_clocks.get(seen.key, ())
            if (due_at := self.rows[key].due_at) is not None and due_at <= frozen_time
        }
        while due:
            first = min(due)
            due.discard(first)
            due_at, key = first
            yield from self._tick(key, due_at)
            following = self.rows[key].due_at
            if following is not None and due_at < following <= frozen_time:
                due.add((following, key))

    def _tick(self, key: str, at: int) -> Iterator[Envelope]:
        record = tick_record(key, at, self.rows[key].clock)
        yield from self._step(record, "--at")

    def state(self, *, announced: bool) -> Iterator[dict[str, Any]]:
        """One row per customer, in order of subject."""
        for key in sorted(self.rows):
            line = customer_row(self.rows[key], self.settings).model_dump(mode="json")
            if announced:
                line["announced"] = self.rows[key].announced
            yield line

    def summary(self) -> str:
        """Account for every event read."""
        counts = ", ".join(f"{self.outcomes[outcome]} {outcome}" for outcome in Outcome)
        types = ", ".join(f"{name} {count}" for name, count in self.ignored.most_common())
        if self.outcomes["broadcast"]:
            counts += f", {self.outcomes['broadcast']} of test clocks"
        lines = [f"{self.offset} records: {counts}; {self.unreadable} unreadable"]
        return "\n".join([*lines, *([f"ignored by type: {types}"] if types else [])])

    def _step(self, record: LogRecord, place: str) -> Iterator[Envelope]:
        """Give a record the next offset, and fold it."""
        record = replace(record, offset=self.offset)
        self.offset += 1
        done = step(self.rows.get(record.key), record, self.settings, self.clocks)
        self.outcomes[done.outcome] += 1
        if done.outcome is Outcome.IGNORED:
            self.ignored[record.event_type or "(none)"] += 1
        if done.error:
            self._complain(record, place, done.error)
        if done.row:
            self.rows[record.key] = done.row
            if done.row.clock:
                of_clock = clock_key(record.key, done.row.clock)
                self.of_clocks.setdefault(of_clock, set()).add(record.key)
        yield from done.updates

    def _complain(self, record: LogRecord, place: str, error: BadRecordError) -> None:
        named = f"{place}: {record.event_id}" if record.event_id else place
        self.complaints.append(f"{named}: dead letter: {error.reason}: {error}")


def _webhook(body: bytes, source: str) -> LogRecord:
    about = read_envelope(body, source, OPEN_SOURCE)
    return LogRecord(
        key=about.key,
        kind=Kind.BROADCAST if about.is_broadcast else Kind.WEBHOOK,
        source=source,
        event_id=about.event_id,
        event_type=about.event_type,
        value=body,
        partition=0,
        offset=0,
        timestamp_ms=_created(body) * 1000,
    )


def _fetched(body: bytes, source: str) -> LogRecord | None:
    """A line that subfold fetched itself; None for anything else, and for a broken one."""
    if FETCHED.encode() not in body:
        return None
    try:
        fetched = Fetched.model_validate_json(body)
    except ValidationError:
        return None
    thing = fetched.data.object
    return LogRecord(
        key=str(fetched.subject(source)),
        kind=Kind(fetched.kind),
        source=source,
        event_id=f"{thing.get('id')}@{fetched.fetched_at}",
        event_type=f"fetched.{thing.get('object')}",
        value=body,
        partition=0,
        offset=0,
        timestamp_ms=fetched.fetched_at * 1000,
    )


def _created(body: bytes) -> int:
    """The event's own time stands in for the broker's; 0 where there is none to read."""
    try:
        created = unwrap(orjson.loads(body))["created"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return 0
    return created if isinstance(created, int) and 0 <= created < YEAR_10000 else 0
