"""Which days the page Renewals is about: its calendar shows all of them, its list all or one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from console.queries.periods import (
    DAY_S,
    EPOCH,
    FEW_DAYS,
    MONTHS,
    BadPeriodError,
    Period,
    month_name,
    month_number,
    month_of,
    period,
)
from console.web.filters import day_words

WITHIN = {7: "7 days", 30: "30 days", 60: "60 days", 90: "90 days", 365: "12 months"}
DAYS = 30
"""How many days are shown when nobody asked for any."""
MONTH = re.compile(r"(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])")
WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What was asked for: the days of the calendar, and those of the list within them.

    `within` is the choice of the form, empty for two days that are named; `fault` says what could
    not be read.
    """

    days: Period
    listed: Period
    within: str = ""
    fault: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether the list is of one of the days alone."""
        return self.listed != self.days

    @property
    def weeks(self) -> tuple[tuple[date, ...], ...]:
        """The days in weeks from Monday, filled up; none where they would be too many."""
        first, last = self.days.first_day, self.days.last_day
        if last - first >= FEW_DAYS:
            return ()
        monday = first - _date(first).weekday()
        return tuple(
            tuple(_date(day) for day in range(begin, begin + WEEK))
            for begin in range(monday, last + 1, WEEK)
        )

    @property
    def months(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """The month before this, and the one after: ISO 8601, and in words."""
        first = month_of(self.days.first_day * DAY_S)
        before = first - 1 if self.days == month_period(first) else first
        return named(before), named(first + 1)


def span_of(given: Mapping[str, str], now: int) -> Span:
    """Read what the address asks for; what cannot be read is said, and the next days are taken."""
    today = now // DAY_S
    within = given.get("days", "")
    try:
        if MONTH.fullmatch(given.get("month", "")):
            span = _all(month_period(month_number(given["month"])))
        elif given.get("first") and not within:
            span = _all(_two_days(given["first"], given.get("last") or given["first"], now))
        else:
            number = int(within) if within.isdecimal() and int(within) in WITHIN else DAYS
            span = replace(_all(_days(today, today + number - 1)), within=str(number))
        if given.get("day"):
            span = replace(span, listed=_two_days(given["day"], given["day"], now))
    except BadPeriodError as error:
        next_days = _all(_days(today, today + DAYS - 1))
        return replace(next_days, within=str(DAYS), fault=str(error))
    return span


def words(asked: Period) -> str:
    """Some days as people say them: a month, one day, or from one to another."""
    first, last = _date(asked.first_day), _date(asked.last_day)
    if asked == month_period(month_of(asked.first_day * DAY_S)):
        return f"{first:%B %Y}"
    if first == last:
        return f"{first:%A}, {day_words(asked.first)}"
    return f"{day_words(asked.first)} – {day_words(asked.last)}"


def named(month: int) -> tuple[str, str]:
    """A month, year × 12 + month - 1, as ISO 8601 and in words."""
    return month_name(month), words(month_period(month))


def month_period(month: int) -> Period:
    """All days of a month, year × 12 + month - 1."""
    first, following = (
        (date(each // MONTHS, each % MONTHS + 1, 1) - EPOCH).days for each in (month, month + 1)
    )
    return _days(first, following - 1)


def _two_days(first: str, last: str, now: int) -> Period:
    asked = period("custom", now=now, earliest_day=None, first=first, last=last)
    return _days(asked.first_day, asked.last_day)


def _days(first: int, last: int) -> Period:
    return Period(span="custom", step="day", first_day=first, last_day=last)


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _all(days: Period) -> Span:
    return Span(days=days, listed=days)
