"""Puts facts that were rebuilt in the place of those that a row has; pure.

What was announced stays what it was, and is compared with what is true now. No moment is told: one
that was missed is past.
"""

from __future__ import annotations

from dataclasses import replace

from projections import project
from projections.deletion import with_customer_deleted
from projections.due import next_due
from projections.standing import standing_of
from schemas.records import Kind, LogRecord, Subject
from schemas.rows import FOLD_VERSION, Row
from schemas.settings import SettingsInForce
from schemas.transitions import Transition
from schemas.updates import Envelope
from streams.pipeline import common_of
from streams.reading import ticked


def corrected(
    live: Row, rebuilt: Row, settings: SettingsInForce, *, partition: int, position: int
) -> tuple[Row, tuple[Envelope, ...]]:
    """The row to be, and what the world was told otherwise.

    Args:
        live: Whose announcements hold.
        rebuilt: Whose facts hold.
        settings: In force at the position.
        partition: Of the log.
        position: In the log up to which both are folded; makes the ids.
    """
    at = rebuilt.facts.at
    record = LogRecord(
        key=live.subject,
        kind=Kind.REPAIR,
        source=live.subject.split("/")[0],
        event_id=f"replay:{position}",
        event_type="replay",
        value=b"",
        partition=partition,
        offset=position,
        timestamp_ms=at * 1000,
    )
    subject = Subject(*live.subject.split("/"))
    seen = with_customer_deleted(rebuilt.facts)
    standing = standing_of(seen, subject.customer, settings.content)
    reading = ticked(at)
    transition = Transition(
        before=with_customer_deleted(live.facts),
        after=seen,
        announced=live.announced,
        subject=live.subject,
        in_force=settings,
        standing=standing,
        effective_at=at,
        connected_at=None,
        now=at,
        clock=rebuilt.clock,
        common=common_of(record, reading, standing, subject, settings) | {"origin": "correction"},
    )
    announced, told = project(transition, with_triggers=False)
    row = Row(
        subject=live.subject,
        facts=rebuilt.facts,
        announced=replace(announced, settings_version=settings.version),
        due_at=next_due(rebuilt.facts, settings.content),
        clock=rebuilt.clock,
    )
    identity = f"{position}|{FOLD_VERSION}|{settings.version}"
    updates = (
        Envelope.of(data, subject=live.subject, kind="correction", identity=identity)
        for data in told
    )
    return row, tuple(updates)
