"""What readers must find: a fold of the log with the pure step alone, record by record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from fetched import Fetched
from schemas.codec import encode_row
from schemas.errors import BadRecordError
from schemas.records import Kind, LogRecord
from schemas.rows import Row
from schemas.settings import SettingsInForce
from schemas.updates import Envelope
from streams.clocks import NO_CLOCKS, Clocks
from streams.log.records import read_log_record
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, TEST, topic_of
from streams.pipeline import row_for_readers, step
from streams.reading import read_clock, read_settings
from streams.restating import is_older, resettled

ROWS = "rows"
"""Where `fold_log` puts the rows themselves, as they stand in the changelog."""

Found = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]


def fold_log(parts: Sequence[Sequence[Fetched]]):
    """Fold the log with the pure step alone: what readers must find, by topic and partition.

    Rows of older settings are brought to the newer ones as the worker's walk does it; a walk ends
    before the next settings are applied.
    """
    expected = defaultdict(lambda: [[] for _ in parts])
    views = defaultdict(lambda: [{} for _ in parts])
    folds = [_Fold(number, expected, views) for number in range(len(parts))]
    for fold, part in zip(folds, parts, strict=True):
        fold.fates["accepted"] = len(part)
        for raw in part:
            fold.fates[fold.take(raw)] += 1
        fold.walk()
    return expected, views, [dict(fold.fates) for fold in folds]


@dataclass
class _Fold:
    """One partition on its way: its rows, what came of them, and the fates of its records."""

    number: int
    expected: dict[str, list[list[Fetched]]]
    views: dict[str, list[dict[bytes, bytes]]]
    rows: dict[str, Row] = field(default_factory=dict)
    settings: SettingsInForce = field(default_factory=SettingsInForce)
    clocks: Clocks = NO_CLOCKS
    fates: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, raw: Fetched) -> str:
        """Fold one record, and give its fate."""
        try:
            record = read(raw)
            fate, settings, self.clocks = heard(record, self.settings, self.clocks)
            if settings.version > self.settings.version:
                self.walk()
                self.settings = settings
            if fate:
                return fate
            done = step(self.rows.get(record.key), record, self.settings, self.clocks)
            if done.error:
                raise done.error
        except BadRecordError:
            self.expected[DEAD_LETTERS][self.number].append(raw)
            return "dead_lettered"
        if done.row:
            self._put(done.row, done.stored, done.updates)
        return done.outcome.value

    def walk(self) -> None:
        """Tell rows of older settings what is true by those in force, if that was asked for."""
        if self.settings.announce == "from_now_on":
            return
        for row in list(self.rows.values()):
            if is_older(row, self.settings):
                walked, told = resettled(row, self.settings)
                self._put(walked, encode_row(walked), told)

    def _put(self, row: Row, stored: bytes, updates: Sequence[Envelope]) -> None:
        key, mode = row.subject.encode(), "" if "/live/" in row.subject else TEST
        self.rows[row.subject] = row
        self.views[mode + CUSTOMERS][self.number][key] = row_for_readers(row, self.settings)
        self.views[ROWS][self.number][key] = stored
        for update in updates:
            mode = "" if update.livemode else TEST
            letter = Fetched(key=key, value=update.value(), headers=update.headers())
            self.expected[mode + topic_of(update.type)][self.number].append(letter)


def heard(record: LogRecord, settings: SettingsInForce, clocks: Clocks):
    """What concerns no single customer: its fate, and what is known then."""
    if record.kind is Kind.SETTINGS:
        return "settings", read_settings(record, settings), clocks
    if record.kind is Kind.BROADCAST:
        seen = read_clock(record)
        return "duplicate" if clocks.knows(seen) else "broadcast", settings, clocks.joined(seen)
    return None, settings, clocks


def read(raw: Fetched) -> LogRecord:
    return read_log_record(
        key=raw.key,
        value=raw.value,
        headers=raw.headers,
        partition=raw.partition,
        offset=raw.offset,
        timestamp_ms=raw.timestamp,
    )


def shape(record: Fetched) -> Found:
    """What must be the same; of a dead letter the headers that the record came with."""
    headers = list(record.headers)
    names = [name for name, _ in headers]
    if "__connect.errors.topic" in names:
        headers = headers[: names.index("__connect.errors.topic")]
    return record.key, record.value, tuple(headers)
