"""Lengths of time as people write them: days are of the calendar of a time zone, hours are exact.

Source: docs/automations.md, "Days and hours".
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

from schemas.zones import zone_of

DAY_S = 86_400
SECONDS = {"d": DAY_S, "h": 3_600}


def seconds(span: str) -> int:
    """The nominal length of `30d` or `12h`."""
    return int(span[:-1]) * SECONDS[span[-1]]


def before(date: int, span: str, *, zone: str, at: str | None) -> int:
    """The instant so long before a date.

    Days end at the date's own local time, or at `at`. A local time that a change of clocks skips is
    the first instant after it, one that comes twice is the first. Never after the date; only where
    clocks skipped a whole day it can be the date itself.
    """
    if span.endswith("h") or (zone == "UTC" and at is None):
        return date - seconds(span)
    try:
        local = datetime.fromtimestamp(date, zone_of(zone))
        day = local.date() - timedelta(days=int(span[:-1]))
        clock = time.fromisoformat(at) if at else local.time()
        return _instant(datetime.combine(day, clock), zone_of(zone))
    except OverflowError:  # at the end of the calendar
        return date - seconds(span)


def _instant(local: datetime, zone: tzinfo) -> int:
    first, second = (_utc(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if second >= first:
        return first
    # The local time is skipped. Its two readings lie on both sides of the change: find that.
    shift = datetime.fromtimestamp(first, zone).utcoffset()
    while first - second > 1:
        middle = (first + second) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == shift:
            first = middle
        else:
            second = middle
    return first


def _utc(aware: datetime) -> int:
    return int(aware.astimezone(UTC).timestamp())
