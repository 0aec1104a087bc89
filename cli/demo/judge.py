"""Compares what the topics say with what the pure fold says of the same webhooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from cli.demo.postings import SOURCE
from cli.webhooks import Posting
from schemas.settings import SettingsInForce
from streams.event_files import Found
from streams.fold_files import Folding
from streams.log.topics import CUSTOMERS, TEST, UPDATES
from streams.pipeline import Outcome
from streams.settings import Kafka

Rows = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said of the webhooks: rows by subject, ids of updates, counts by outcome."""

    rows: Rows
    updates: Counter[str]
    outcomes: Mapping[str, int]


def said_by_fold(postings: Sequence[Posting], settings: SettingsInForce) -> Said:
    """Fold the webhooks without Kafka, as `subfold fold` does."""
    folding = Folding(settings=settings, source=SOURCE)
    updates: Counter[str] = Counter()
    for number, posting in enumerate(postings, 1):
        found = Found(place=f"webhook {number}", body=posting.body)
        updates.update(update.id for update in folding.take(found))
    rows = {row["subject"]: row for row in folding.state(announced=False)}
    return Said(rows=rows, updates=updates, outcomes=folding.outcomes)


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
    for id in sorted({*found.updates, *expected.updates}):
        if found.updates[id] != expected.updates[id]:
            lines.append(
                f"update {id}: {found.updates[id]} times in the topics, "
                f"{expected.updates[id]} times by the fold"
            )
    return lines


def accounts(postings: int, retries: int, found: Said) -> list[str]:
    """Say what does not add up: every webhook has exactly one outcome."""
    counted = sum(found.outcomes.get(outcome, 0) for outcome in Outcome)
    if postings <= counted <= postings + retries:
        return []
    return [f"{postings} webhooks were posted, {counted} have an outcome"]
