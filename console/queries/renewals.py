"""The calendar of renewals: how many subscriptions renew on which day, and for how much.

Money in minor units, per currency; days are UTC. What is expected of a renewal is defined in
docs/renewals.md, "What it will come to".
"""

from __future__ import annotations

from calendar import Calendar as WeeksOfMonths
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select

from console.queries.periods import DAY_S, EPOCH, MONTHS, day_name, month_name
from console.read_model.ahead_tables import renewals


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """How many subscriptions renew in one currency, and for how much.

    `unknown` of them will be charged an amount that cannot be known; they are not in the sum.
    """

    currency: str | None
    subscriptions: int
    amount_minor: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the calendar."""

    day: str
    is_of_month: bool
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month in weeks from Monday, with the days of its neighbours that fill them, empty."""

    month: str
    previous: str
    following: str
    weeks: tuple[tuple[Day, ...], ...]
    total: tuple[Expected, ...]


def month_of_renewals(connection: Connection, *, livemode: bool, month: int) -> Month:
    """The calendar of a month, year × 12 + month - 1, by UTC days."""
    first, following = _first_day(month), _first_day(month + 1)
    asked = within(livemode=livemode, begin=first * DAY_S, end=following * DAY_S)
    by_day = expected_by_day(connection, asked)
    year, number = month // MONTHS, month % MONTHS + 1
    weeks = tuple(
        tuple(_day(each, by_day, is_of_month=each.month == number) for each in week)
        for week in WeeksOfMonths().monthdatescalendar(year, number)
    )
    return Month(
        month=month_name(month),
        previous=month_name(month - 1),
        following=month_name(month + 1),
        weeks=weeks,
        total=added(each for found in by_day.values() for each in found),
    )


def expected(connection: Connection, asked: Sequence[ColumnElement[bool]]) -> tuple[Expected, ...]:
    """What the renewals that are asked for come to, the currency with the most of them first."""
    table = renewals.c
    found = connection.execute(
        select(table.currency, func.count(), func.sum(table.amount_minor), _known())
        .where(*asked)
        .group_by(table.currency)
    )
    return added(_one(*row) for row in found)


def expected_by_day(
    connection: Connection, asked: Sequence[ColumnElement[bool]]
) -> dict[str, list[Expected]]:
    """The same by the day (UTC, ISO 8601) on which they renew; days without one are left out."""
    day = renewals.c.renews_at // DAY_S
    found = connection.execute(
        select(day, renewals.c.currency, func.count(), func.sum(renewals.c.amount_minor), _known())
        .where(*asked)
        .group_by(day, renewals.c.currency)
        .order_by(day, renewals.c.currency)
    )
    by_day: dict[str, list[Expected]] = defaultdict(list)
    for number, *row in found:
        by_day[day_name(number)].append(_one(*row))
    return by_day


def _known() -> ColumnElement[int]:
    return func.count(renewals.c.amount_minor)


def _one(currency: str | None, count: int, amount: int | None, known: int) -> Expected:
    return Expected(
        currency=currency,
        subscriptions=count,
        amount_minor=int(amount or 0),
        unknown=count - known,
    )


def added(all_: Iterable[Expected]) -> tuple[Expected, ...]:
    """One of each currency, the most subscriptions first."""
    by_currency: dict[str | None, Expected] = {}
    for each in all_:
        former = by_currency.get(each.currency) or _one(each.currency, 0, 0, 0)
        by_currency[each.currency] = Expected(
            currency=each.currency,
            subscriptions=former.subscriptions + each.subscriptions,
            amount_minor=former.amount_minor + each.amount_minor,
            unknown=former.unknown + each.unknown,
        )
    return tuple(
        sorted(by_currency.values(), key=lambda each: (-each.subscriptions, each.currency or ""))
    )


def _day(of: date, by_day: dict[str, list[Expected]], *, is_of_month: bool) -> Day:
    name = of.isoformat()
    return Day(day=name, is_of_month=is_of_month, expected=tuple(by_day.get(name, ())))


def _first_day(month: int) -> int:
    return (date(month // MONTHS, month % MONTHS + 1, 1) - EPOCH).days


def within(
    *, livemode: bool, begin: int, end: int, currency: str = ""
) -> tuple[ColumnElement[bool], ...]:
    """Which renewals fall from one time to before another, Unix seconds."""
    table = renewals.c
    asked = (table.livemode == livemode, table.renews_at >= begin, table.renews_at < end)
    return (*asked, table.currency == currency) if currency else asked
