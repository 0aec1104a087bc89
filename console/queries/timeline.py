"""What happened to one customer, newest first: Stripe's events, and what they came to.

An update stands above the event that caused it. Ticks of the clock stand for nothing by themselves
and are left out: what they caused is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, Connection, func, select

from console.queries.stripe_objects import joined_ids
from console.read_model.log_tables import events
from console.read_model.update_tables import updates
from schemas.records import NO_CUSTOMER, Kind, sequence_of

EntryKind = Literal["event", "stage", "mrr", "renewal", "contact", "automation"]
UPDATE_TYPES: Mapping[EntryKind, tuple[str, ...]] = {
    "stage": ("customer.stage_changed",),
    "mrr": ("customer.mrr_changed",),
    "renewal": ("customer.renewal_changed",),
    "contact": ("customer.contact_changed",),
    "automation": ("automation.triggered", "automation.skipped", "automation.superseded"),
}
KIND_OF = {type_: kind for kind, types in UPDATE_TYPES.items() for type_ in types}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened.

    Args:
        kind: What it is.
        at: Unix seconds at which it took effect, by Stripe's time.
        recorded_at: Unix seconds at which the log had it.
        sequence: Place in the log: its own, or that of what caused it.
        id: Of the event, or of the update.
        type: Of the event, or of the update.
        record: Why the event is in the log: `webhook`, `back_fill`, …; None of updates.
        object: What the event is about; None of updates.
        cause: The id of the event that caused the update; None of events.
        body: What the update says; empty of events.
    """

    kind: EntryKind
    at: int
    recorded_at: int
    sequence: str
    index: int
    id: str
    type: str
    record: str | None
    object: str | None
    cause: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Some entries, the newest first; `total` of the kind asked for."""

    entries: tuple[Entry, ...]
    total: int


def timeline(
    connection: Connection, subject: str, *, kind: EntryKind | None, limit: int, offset: int = 0
) -> Timeline:
    """Give some of what happened to a customer."""
    end = offset + limit
    total, parts = 0, list[Iterator[Entry]]()
    if kind in {None, "event"}:
        total += _count(connection, *_of_events(connection, subject))
        parts.append(_events(connection, _of_events(connection, subject), end))
    if kind != "event":
        wanted = [updates.c.subject == subject]
        if kind is not None:
            wanted.append(updates.c.type.in_(UPDATE_TYPES[kind]))
        total += _count(connection, *wanted)
        parts.append(_updates(connection, wanted, end))
    newest_first = merge(*parts, key=_place, reverse=True)
    return Timeline(entries=tuple(islice(newest_first, offset, end)), total=total)


def _place(entry: Entry) -> tuple[int, str, int]:
    return entry.at, entry.sequence, entry.index


def _count(connection: Connection, *wanted: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(*wanted)).scalar_one()


def _of_events(connection: Connection, subject: str) -> tuple[ColumnElement[bool], ...]:
    """Events that name the customer, and those of objects that are joined to it."""
    scope = subject.rpartition("/")[0]
    theirs = [f"{scope}/{NO_CUSTOMER}/{id_}" for id_ in joined_ids(connection, subject)]
    return events.c.subject.in_([subject, *theirs]), events.c.kind != Kind.TICK.value


def _events(
    connection: Connection, wanted: tuple[ColumnElement[bool], ...], limit: int
) -> Iterator[Entry]:
    at = func.coalesce(events.c.created, events.c.recorded_at)
    order = (at.desc(), events.c.partition.desc(), events.c.offset.desc())
    statement = select(events, at.label("at")).where(*wanted).order_by(*order).limit(limit)
    for row in connection.execute(statement):
        yield Entry(
            kind="event",
            at=row.at,
            recorded_at=row.recorded_at,
            sequence=sequence_of(row.partition, row.offset),
            index=-1,
            id=row.event_id,
            type=row.event_type,
            record=row.kind,
            object=row.object,
            cause=None,
            body={},
        )


def _updates(
    connection: Connection, wanted: list[ColumnElement[bool]], limit: int
) -> Iterator[Entry]:
    order = (updates.c.effective_at.desc(), updates.c.sequence.desc(), updates.c.index.desc())
    statement = select(updates).where(*wanted).order_by(*order).limit(limit)
    for row in connection.execute(statement).mappings():
        yield Entry(
            kind=KIND_OF[row[updates.c.type]],
            at=row[updates.c.effective_at],
            recorded_at=row[updates.c.recorded_at],
            sequence=row[updates.c.sequence],
            index=row[updates.c.index],
            id=row[updates.c.id],
            type=row[updates.c.type],
            record=None,
            object=None,
            cause=row[updates.c.cause],
            body=orjson.loads(row[updates.c.body]),
        )
