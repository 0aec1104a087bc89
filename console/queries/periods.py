"""Periods of whole UTC days, cut into days, weeks from Monday, or months of the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

Step = Literal["day", "week", "month"]
Span = Literal["30d", "90d", "12m", "all", "custom"]
DAY_S = 86_400
EPOCH = date(1970, 1, 1)
MONTHS = 12
PARTS_MAX = 1_000
TIME_DIGITS = 12
STEP_DAYS: Mapping[str, int] = {"day": 1, "week": 7, "month": 30}
YEARS = range(1970, 3000)
STEPS: Mapping[str, Step] = {each: each for each in get_args(Step)}
SPANS: Mapping[str, Span] = {each: each for each in get_args(Span)}
FEW_DAYS = 62
SOME_DAYS = 200


class BadPeriodError(ValueError):
    """A period that is none; says what to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step of a period; the first and the last may be cut short. Days since 1970."""

    name: str
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From one day to another, both within; days since 1970."""

    span: Span
    step: Step
    first_day: int
    last_day: int

    @property
    def first(self) -> str:
        """The first day, ISO 8601."""
        return day_name(self.first_day)

    @property
    def last(self) -> str:
        """The last day, ISO 8601."""
        return day_name(self.last_day)

    @property
    def parts(self) -> Iterator[Part]:
        """The steps in order."""
        begin = self.first_day
        while begin <= self.last_day:
            end = min(_last_of_step(begin, self.step), self.last_day)
            yield Part(name=_name(begin, self.step), first_day=begin, last_day=end)
            begin = end + 1


def period(
    span: str,
    *,
    now: float,
    earliest_day: int | None,
    step: str = "",
    first: str = "",
    last: str = "",
) -> Period:
    """Read what somebody chose, up to today.

    Args:
        span: `30d`, `90d`, `12m`, `all` or `custom`.
        now: Unix seconds.
        earliest_day: Where `all` begins; None where there is nothing at all.
        step: `day`, `week`, `month`; empty for what suits the length.
        first: With `custom`, the first day, ISO 8601.
        last: With `custom`, the last day; today without.

    Raises:
        BadPeriodError: It cannot be read.
    """
    today = int(now) // DAY_S
    begin, end = today, today
    if span in {"30d", "90d"}:
        begin = today - int(span[:-1]) + 1
    elif span == "12m":
        this = EPOCH + timedelta(days=today)
        begin = _days(this.replace(year=this.year - 1, day=1))
    elif span == "all":
        begin = min(earliest_day, today) if earliest_day is not None else today
    elif span == "custom":
        begin, end = _read(first), _read(last) if last else today
    else:
        raise BadPeriodError("period must be 30d, 90d, 12m, all or custom")
    if begin > end:
        raise BadPeriodError(f"the first day, {first}, comes after the last, {day_name(end)}")
    if step and step not in STEPS:
        raise BadPeriodError("step must be day, week or month")
    suits: Step = (
        "day" if end - begin < FEW_DAYS else "week" if end - begin < SOME_DAYS else "month"
    )
    if (end - begin) // STEP_DAYS[step or suits] > PARTS_MAX:
        raise BadPeriodError("these are too many steps; choose longer ones, or fewer days")
    return Period(span=SPANS[span], step=STEPS.get(step, suits), first_day=begin, last_day=end)


def day_name(day: int) -> str:
    """A day as ISO 8601."""
    return (EPOCH + timedelta(days=day)).isoformat()


def month_name(month: int) -> str:
    """A month, year × 12 + month - 1, as ISO 8601."""
    return f"{month // MONTHS:04d}-{month % MONTHS + 1:02d}"


def month_number(month: str) -> int:
    """`2026-11` as year × 12 + month - 1."""
    year, number = month.split("-")
    return int(year) * MONTHS + int(number) - 1


def month_of(seconds: float) -> int:
    """The UTC month of a time, year × 12 + month - 1."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at.year * MONTHS + at.month - 1


def _days(of: date) -> int:
    return (of - EPOCH).days


def _read(day: str) -> int:
    try:
        read = date.fromisoformat(day)
    except ValueError:
        raise BadPeriodError(f"{day!r} is no day; give one such as 2026-11-01") from None
    if read.year not in YEARS:
        raise BadPeriodError(f"give days from the years {YEARS[0]} to {YEARS[-1]}")
    return _days(read)


def _last_of_step(day: int, step: Step) -> int:
    if step == "day":
        return day
    at = EPOCH + timedelta(days=day)
    if step == "week":
        return day + 6 - at.weekday()
    following = date(at.year + at.month // MONTHS, at.month % MONTHS + 1, 1)
    return _days(following) - 1


def _name(day: int, step: Step) -> str:
    return day_name(day)[:7] if step == "month" else day_name(day)


def read_cursor(cursor: str) -> tuple[int, str]:
    """What a list was sorted by where it ended: a time, and an id.

    Raises:
        ValueError: It is no cursor of ours.
    """
    at, _, id_ = cursor.partition("-")
    if len(at) > TIME_DIGITS or not id_:
        raise ValueError("it is no place in this list")
    return int(at), id_
