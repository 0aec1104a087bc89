"""What the workers make of what the door stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.log.records import read_log_record
from streams.pipeline import Outcome, step


@dataclass
class Folded:
    """`seen` counts outcomes; `effects` is how many updates each record told."""

    rows: dict[str, Row] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    seen: Counter[Outcome] = field(default_factory=Counter)
    effects: list[int] = field(default_factory=list)


def fold(records: list[dict[str, Any]], *, at: int) -> Folded:
    """Fold records of a `ListLog` one by one, in the order in which they were stored."""
    folded = Folded()
    for offset, record in enumerate(records):
        read = read_log_record(
            key=record["key"].encode(),
            value=record["value"],
            headers=list(record["headers"].items()),
            partition=0,
            offset=offset,
            timestamp_ms=at * 1000,
        )
        done = step(folded.rows.get(read.key), read, SettingsInForce(version=1))
        folded.seen[done.outcome] += 1
        folded.effects.append(len(done.updates))
        if done.row:
            folded.rows[read.key], folded.stored[read.key] = done.row, done.stored
    return folded
