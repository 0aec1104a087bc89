"""Says of a row anew what is true: by newer settings, or by facts that were rebuilt; pure.

What was announced stays what it was, and is compared with what is true now. No moment is told:
a change of rules or of facts is none, and one that was missed is past.
"""

from __future__ import annotations

from dataclasses import replace

from projections import project
from projections.deletion import with_customer_deleted
from projections.due import next_due
from projections.standing import standing_of
from schemas.records import Kind, LogRecord, Subject
from schemas.rows import FOLD_VERSION, Facts, Row
from schemas.settings import SettingsInForce
from schemas.transitions import Transition
from schemas.updates import Envelope
from streams.reading import ticked
from streams.telling import common_of

Restated = tuple[Row, tuple[Envelope, ...]]


def is_older(row: Row, settings: SettingsInForce) -> bool:
    """Whether newer settings are to be told of a row, or adopted, before anything else is."""
    return bool(row.facts.at) and row.announced.settings_version < settings.version


def resettled(row: Row, settings: SettingsInForce) -> Restated:
    """The row by newer settings, and what the world is to be told: nothing, if so chosen.

    Whoever comes first, a record of the customer or the walk over older rows, says the same.
    """
    record = _record(
        row,
        kind=Kind.SETTINGS,
        cause=f"settings:{settings.version}",
        place=settings.place,
        at=settings.applied_at,
    )
    identity = str(settings.version)
    restated, told = _restated(row, row.facts, settings, record, identity=identity)
    return restated, () if settings.announce == "silent" else told


def corrected(
    live: Row, rebuilt: Row, settings: SettingsInForce, *, place: tuple[int, int]
) -> Restated:
    """The row with rebuilt facts, and what the world was told otherwise.

    Args:
        live: Whose announcements hold.
        rebuilt: Whose facts hold.
        settings: In force at the place.
        place: Partition and offset of the log up to which both are folded; makes the ids.
    """
    record = _record(
        live,
        kind=Kind.REPAIR,
        cause=f"replay:{place[1]}",
        place=place,
        at=rebuilt.facts.at,
    )
    identity = f"{place[1]}|{FOLD_VERSION}|{settings.version}"
    live = replace(live, clock=rebuilt.clock)
    return _restated(live, rebuilt.facts, settings, record, identity=identity)


def _record(row: Row, *, kind: Kind, cause: str, place: tuple[int, int], at: int) -> LogRecord:
    partition, offset = place
    return LogRecord(
        key=row.subject,
        kind=kind,
        source=row.subject.split("/")[0],
        event_id=cause,
        event_type=cause.split(":")[0],
        value=b"",
        partition=partition,
        offset=offset,
        timestamp_ms=at * 1000,
    )


def _restated(
    row: Row, facts: Facts, settings: SettingsInForce, record: LogRecord, *, identity: str
) -> Restated:
    subject = Subject(*row.subject.split("/"))
    seen = with_customer_deleted(facts)
    standing = standing_of(seen, subject.customer, settings.content)
    at = record.timestamp_ms // 1000
    origin = "settings" if record.kind is Kind.SETTINGS else "correction"
    common = common_of(record, ticked(at), standing, subject, settings) | {"origin": origin}
    transition = Transition(
        before=with_customer_deleted(row.facts),
        after=seen,
        announced=row.announced,
        subject=row.subject,
        in_force=settings,
        standing=standing,
        effective_at=at,
        connected_at=None,
        now=at,
        clock=row.clock,
        common=common,
    )
    announced, told = project(transition, with_triggers=False)
    restated = replace(
        row,
        facts=facts,
        announced=replace(announced, settings_version=settings.version),
        due_at=next_due(facts, settings.content),
    )
    # Within their own cause, whoever tells them: the walk, or a record that comes before it.
    updates = (
        Envelope.of(data, subject=row.subject, kind=origin, identity=identity).placed(index)
        for index, data in enumerate(told)
    )
    return restated, tuple(updates)
