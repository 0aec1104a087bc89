"""One automation: what became of its moments day by day, each of them, and what is armed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, fields

from sqlalchemy import Connection, and_, func, or_, select

from console.queries.periods import DAY_S, day_name, read_cursor
from console.read_model.ahead_tables import armed
from console.read_model.tables import accounts
from console.read_model.update_tables import moments

DAYS = 90
AHEAD_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentsOfDay:
    """A UTC day of the log's time."""

    day: str
    triggered: int
    skipped: int
    superseded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment that came; times are Unix seconds.

    `what` is `triggered`, `skipped` (`reason` says why) or `superseded` (it held no more before
    its date came: `reason` says why).
    """

    id: str
    subject: str
    customer: str
    name: str | None
    what: str
    subscription: str | None
    due_at: int | None
    recorded_at: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Some moments, newest first; `cursor` leads to those before them, if any."""

    moments: tuple[Moment, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A moment to come, unless something happens before; `date` is what it comes before."""

    subject: str
    customer: str
    name: str | None
    automation: str
    subscription: str | None
    due_at: int
    date: int | None
    span: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedDay:
    """How many moments come on a UTC day; what is overdue counts on the first."""

    day: str
    armed: int


def moments_by_day(
    connection: Connection, *, livemode: bool, automation: str, now: int
) -> tuple[MomentsOfDay, ...]:
    """The last 90 days, oldest first."""
    table, today = moments.c, now // DAY_S
    day = table.recorded_at // DAY_S
    found = connection.execute(
        select(day, table.what, func.count())
        .where(
            table.livemode == livemode,
            table.automation == automation,
            table.recorded_at >= (today - DAYS + 1) * DAY_S,
        )
        .group_by(day, table.what)
    )
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for number, what, count in found:
        counts[number][what] += count
    return tuple(
        MomentsOfDay(
            day=day_name(each),
            triggered=counts[each]["triggered"],
            skipped=counts[each]["skipped"],
            superseded=counts[each]["superseded"],
        )
        for each in range(today - DAYS + 1, today + 1)
    )


def skip_reasons(
    connection: Connection, *, livemode: bool, automation: str, now: int
) -> tuple[tuple[str, int], ...]:
    """Why moments of the last 90 days were held back, the most frequent first."""
    table = moments.c
    found = connection.execute(
        select(table.reason, func.count())
        .where(
            table.livemode == livemode,
            table.automation == automation,
            table.recorded_at >= (now // DAY_S - DAYS + 1) * DAY_S,
            table.what == "skipped",
        )
        .group_by(table.reason)
        .order_by(func.count().desc(), table.reason)
    )
    return tuple((reason or "", count) for reason, count in found)


def moments_of(
    connection: Connection,
    *,
    livemode: bool,
    automation: str,
    cursor: str = "",
    limit: int = 50,
) -> Moments:
    """The moments of a rule, newest first, or those before a cursor.

    Raises:
        ValueError: The cursor is none.
    """
    table = moments.c
    asked = select(moments, accounts.c.name).join_from(
        moments, accounts, accounts.c.subject == table.subject, isouter=True
    )
    asked = asked.where(table.livemode == livemode, table.automation == automation)
    if cursor:
        at, id_ = read_cursor(cursor)
        before = and_(table.recorded_at == at, table.id < id_)
        asked = asked.where(or_(table.recorded_at < at, before))
    asked = asked.order_by(table.recorded_at.desc(), table.id.desc()).limit(limit + 1)
    found = connection.execute(asked).mappings().all()
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return Moments(
        moments=tuple(
            Moment(
                customer=each["subject"].rsplit("/", 1)[-1],
                **{name: each[name] for name in _names(Moment)},
            )
            for each in shown
        ),
        cursor=f"{last['recorded_at']}-{last['id']}" if last else None,
    )


def timers(
    connection: Connection,
    *,
    livemode: bool,
    automation: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[Timer, ...]:
    """What is armed, of one rule or of all, what comes next first."""
    table = armed.c
    asked = select(armed, accounts.c.name).join_from(
        armed, accounts, accounts.c.subject == table.subject, isouter=True
    )
    asked = asked.where(table.livemode == livemode, table.due_at.is_not(None))
    if automation:
        asked = asked.where(table.automation == automation)
    asked = asked.order_by(table.due_at, table.subject, table.place).limit(limit).offset(offset)
    return tuple(
        Timer(
            customer=each["subject"].rsplit("/", 1)[-1],
            **{name: each[name] for name in _names(Timer)},
        )
        for each in connection.execute(asked).mappings()
    )


def armed_by_day(
    connection: Connection, *, livemode: bool, automation: str, now: int
) -> tuple[ArmedDay, ...]:
    """The days to come, today first."""
    table, today = armed.c, now // DAY_S
    day = table.due_at // DAY_S
    found = connection.execute(
        select(day, func.count())
        .where(
            table.livemode == livemode,
            table.automation == automation,
            table.due_at < (today + AHEAD_DAYS) * DAY_S,
        )
        .group_by(day)
    )
    counts: Counter[int] = Counter()
    for number, count in found:
        counts[max(number, today)] += count
    return tuple(
        ArmedDay(day=day_name(each), armed=counts[each])
        for each in range(today, today + AHEAD_DAYS)
    )


def _names(of: type[Moment] | type[Timer]) -> list[str]:
    return [field.name for field in fields(of) if field.name != "customer"]
