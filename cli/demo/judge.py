"""Compares what the topics say with what the pure fold says of the same log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from schemas.records import Kind
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.clocks import NO_CLOCKS, Clocks
from streams.log.records import read_log_record
from streams.log.topics import CUSTOMERS, TEST, UPDATES
from streams.pipeline import Outcome, row_for_readers, step
from streams.reading import read_clock, read_settings
from streams.settings import Kafka

Rows = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said of the log: rows by subject, ids of updates, counts by outcome."""

    rows: Rows
    updates: Counter[str]
    outcomes: Mapping[str, int]


def said_by_fold(log: Sequence[ConsumerRecord]) -> Said:
    """Fold the log, in the order of each partition, with the pure step alone."""
    rows: dict[str, Row] = {}
    settings: defaultdict[int, SettingsInForce] = defaultdict(SettingsInForce)
    clocks: defaultdict[int, Clocks] = defaultdict(lambda: NO_CLOCKS)
    updates, outcomes, views = Counter[str](), Counter[str](), dict[str, dict[str, Any]]()
    for raw in log:
        record = read_log_record(
            key=raw.key,
            value=raw.value,
            headers=raw.headers,
            partition=raw.partition,
            offset=raw.offset,
            timestamp_ms=raw.timestamp,
        )
        if record.kind is Kind.SETTINGS:
            settings[raw.partition] = read_settings(record, settings[raw.partition])
            continue
        if record.kind is Kind.BROADCAST:
            if seen := read_clock(record):
                clocks[raw.partition] = clocks[raw.partition].joined(seen)
            continue
        done = step(rows.get(record.key), record, settings[raw.partition], clocks[raw.partition])
        outcomes[done.outcome] += 1
        updates.update(update.id for update in done.updates)
        if done.row:
            rows[record.key] = done.row
            views[record.key] = orjson.loads(row_for_readers(done.row, settings[raw.partition]))
    return Said(rows=views, updates=updates, outcomes=outcomes)


def said_by_topics(
    topics: Mapping[str, Sequence[ConsumerRecord]], kafka: Kafka, outcomes: Mapping[str, int]
) -> Said:
    """Take the newest row of each subject and the id of every update from the topics."""
    rows, updates = {}, Counter[str]()
    for mode in ("", TEST):
        for record in topics[kafka.prefix + mode + CUSTOMERS]:
            rows[record.key.decode()] = orjson.loads(record.value)
        for name in UPDATES:
            records = topics[kafka.prefix + mode + name]
            updates.update(dict(record.headers)["ce_id"].decode() for record in records)
    return Said(rows=rows, updates=updates, outcomes=outcomes)


def differences(found: Said, expected: Said) -> list[str]:
    """Say each difference on a line; none when Kafka's way and the pure one agree."""
    lines = []
    for subject in sorted({*found.rows, *expected.rows}):
        ours, theirs = found.rows.get(subject), expected.rows.get(subject)
        if ours is None or theirs is None:
            lines.append(f"{subject}: a row only in {'the fold' if ours is None else 'the topic'}")
        elif ours != theirs:
            names = [name for name in theirs if ours.get(name) != theirs[name]]
            lines.append(f"{subject}: the rows differ in {', '.join(names) or 'fields'}")
    for outcome in Outcome:
        counted, folded = found.outcomes.get(outcome, 0), expected.outcomes.get(outcome, 0)
        if counted != folded:
            lines.append(f"{outcome}: {counted} by the markers, {folded} by the fold")
    for id in sorted({*found.updates, *expected.updates}):
        if found.updates[id] != expected.updates[id]:
            lines.append(
                f"update {id}: {found.updates[id]} times in the topics, "
                f"{expected.updates[id]} times by the fold"
            )
    return lines


def ticks_of(log: Sequence[ConsumerRecord]) -> int:
    """How many records the clock wrote."""
    return sum(("kind", Kind.TICK.encode()) in record.headers for record in log)


def accounts(postings: int, retries: int, ticks: int, found: Said) -> list[str]:
    """Say what does not add up: every webhook, and every tick, has exactly one outcome."""
    counted = sum(found.outcomes.get(outcome, 0) for outcome in Outcome) - ticks
    if postings <= counted <= postings + retries:
        return []
    return [f"{postings} webhooks were posted, {counted} have an outcome"]
