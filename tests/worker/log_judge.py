"""What readers must find: a fold of the log with the pure step alone, record by record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from fetched import Fetched
from schemas.errors import BadRecordError
from schemas.records import Kind, LogRecord
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.clocks import NO_CLOCKS, Clocks
from streams.log.records import read_log_record
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, TEST, topic_of
from streams.pipeline import row_for_readers, step
from streams.reading import read_clock, read_settings

ROWS = "rows"
"""Where `fold_log` puts the rows themselves, as they stand in the changelog."""

Found = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]


def fold_log(parts: Sequence[Sequence[Fetched]]):
    """Fold the log with the pure step alone: what readers must find, by topic and partition."""
    expected = defaultdict(lambda: [[] for _ in parts])
    views = defaultdict(lambda: [{} for _ in parts])
    counts = []
    for number, part in enumerate(parts):
        rows: dict[str, Row] = {}
        settings, fates = SettingsInForce(), defaultdict(int, accepted=len(part))
        clocks = NO_CLOCKS
        for raw in part:
            try:
                record = read(raw)
                fate, settings, clocks = heard(record, settings, clocks)
                if fate:
                    fates[fate] += 1
                    continue
                done = step(rows.get(record.key), record, settings, clocks)
                if done.error:
                    raise done.error
            except BadRecordError:
                expected[DEAD_LETTERS][number].append(raw)
                fates["dead_lettered"] += 1
                continue
            fates[done.outcome.value] += 1
            if done.row:
                rows[record.key] = done.row
                mode = "" if "/live/" in record.key else TEST
                view = row_for_readers(done.row, settings)
                views[mode + CUSTOMERS][number][raw.key] = view
                views[ROWS][number][raw.key] = done.stored
            for update in done.updates:
                mode = "" if update.livemode else TEST
                letter = Fetched(key=raw.key, value=update.value(), headers=update.headers())
                expected[mode + topic_of(update.type)][number].append(letter)
        counts.append(dict(fates))
    return expected, views, counts


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
