"""What comes next for one customer, and what automations were told of it before."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from console.read_model.ahead_tables import armed
from console.read_model.update_tables import moments


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedTimer:
    """A moment that comes by time alone, Unix seconds; without `due_at` it is not armed.

    `date` is what it comes before, `span` how long before.
    """

    automation: str
    subscription: str | None
    due_at: int | None
    date: int | None
    span: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMoment:
    """A moment that came: `triggered`, `skipped` or `superseded`; `id` is the update's.

    `due_at` is when it was due, `recorded_at` when it was told, Unix seconds.
    """

    id: str
    what: str
    automation: str
    subscription: str | None
    due_at: int | None
    reason: str | None
    trigger: str | None
    recorded_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Armed timers, the next first; and what was told, the newest first, then the last due."""

    armed: tuple[ArmedTimer, ...]
    told: tuple[ToldMoment, ...]


def coming(connection: Connection, subject: str, *, limit: int) -> Coming:
    """Give all armed timers, and some of what was told."""
    timers = connection.execute(
        select(*(armed.c[name] for name in ArmedTimer.__dataclass_fields__))
        .where(armed.c.subject == subject)
        .order_by(armed.c.due_at.asc().nulls_last(), armed.c.place)
    ).mappings()
    told = connection.execute(
        select(*(moments.c[name] for name in ToldMoment.__dataclass_fields__))
        .where(moments.c.subject == subject)
        .order_by(moments.c.recorded_at.desc(), moments.c.due_at.desc().nulls_last(), moments.c.id)
        .limit(limit)
    ).mappings()
    return Coming(
        armed=tuple(ArmedTimer(**each) for each in timers),
        told=tuple(ToldMoment(**each) for each in told),
    )
