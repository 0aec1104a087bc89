from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic import ValidationError
from test_ahead import passed

from build import START, item, price, subscription, updated
from projections.ahead import moments
from projections.spans import before
from scenario import given
from schemas.settings import BusinessSettings
from schemas.times import YEAR_10000, iso
from schemas.updates import AutomationTriggered
from schemas.zones import zone_names, zone_of

DAY = 86_400
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def local(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def utc(text: str) -> int:
    return local(text, "UTC")


@pytest.mark.parametrize(
    ("date", "span", "zone", "at", "expected"),
    [
        (utc("2026-03-31T10:00"), "31d", "UTC", None, utc("2026-02-28T10:00")),
        (utc("2028-03-01T10:00"), "1d", "UTC", None, utc("2028-02-29T10:00")),
        # Over a change of clocks the local time stays, the length in hours does not.
        (local("2026-04-01T09:30", BERLIN), "7d", BERLIN, None, utc("2026-03-25T08:30")),
        (local("2026-11-01T09:30", BERLIN), "7d", BERLIN, None, utc("2026-10-25T08:30")),
        (local("2026-04-01T09:30", BERLIN), "168h", BERLIN, None, utc("2026-03-25T07:30")),
        # 02:30 is skipped on 29 March 2026 in Berlin: the next instant is 03:00, 01:00 UTC.
        (local("2026-03-30T02:30", BERLIN), "1d", BERLIN, None, utc("2026-03-29T01:00")),
        (local("2026-04-05T12:00", BERLIN), "7d", BERLIN, "02:30", utc("2026-03-29T01:00")),
        # 02:30 comes twice on 25 October 2026 in Berlin: the first is summer time.
        (local("2026-10-26T02:30", BERLIN), "1d", BERLIN, None, utc("2026-10-25T00:30")),
        (local("2026-03-09T02:15", NEW_YORK), "1d", NEW_YORK, None, utc("2026-03-08T07:00")),
        # By half an hour: 02:00 becomes 02:30 on 4 October 2026.
        (
            local("2026-10-05T02:15", "Australia/Lord_Howe"),
            "1d",
            "Australia/Lord_Howe",
            None,
            utc("2026-10-03T15:30"),
        ),
        # There was no 30 December 2011 on Samoa: the next instant is the 31st, midnight.
        (
            local("2011-12-31T08:00", "Pacific/Apia"),
            "1d",
            "Pacific/Apia",
            None,
            utc("2011-12-30T10:00"),
        ),
        (
            local("2012-01-01T08:00", "Pacific/Apia"),
            "1d",
            "Pacific/Apia",
            None,
            local("2011-12-31T08:00", "Pacific/Apia"),
        ),
        # 01:45 comes twice on 5 April 2026 by half an hour: the first is summer time, +11:00.
        (
            local("2026-04-06T01:45", "Australia/Lord_Howe"),
            "1d",
            "Australia/Lord_Howe",
            None,
            utc("2026-04-04T14:45"),
        ),
        (local("2026-11-02T01:30", NEW_YORK), "1d", NEW_YORK, None, utc("2026-11-01T05:30")),
        # A day is none of 24 hours, but the 29th of February is a day as any.
        (local("2028-03-31T09:00", BERLIN), "31d", BERLIN, None, utc("2028-02-29T08:00")),
        # The ends of the calendar.
        (0, "1d", NEW_YORK, None, -DAY),
        (0, "9999d", BERLIN, "09:00", utc("1942-08-17T07:00")),
        (YEAR_10000 - 1, "1d", "Pacific/Kiritimati", "09:00", YEAR_10000 - 1 - DAY),
        (YEAR_10000 - 1, "1d", NEW_YORK, None, YEAR_10000 - 1 - DAY),
        (local("2026-06-10T23:30", BERLIN), "3d", BERLIN, "09:00", utc("2026-06-07T07:00")),
        (utc("2026-06-10T23:30"), "3d", "UTC", "09:00", utc("2026-06-07T09:00")),
        (utc("2026-06-10T23:30"), "3h", "UTC", "09:00", utc("2026-06-10T20:30")),
    ],
)
def test_days_are_of_the_calendar_and_hours_exact(date, span, zone, at, expected):
    assert iso(before(date, span, zone=zone, at=at)) == iso(expected)


def on_the_wall(date: int, zone: str) -> datetime:
    return datetime.fromtimestamp(date, zone_of(zone)).replace(tzinfo=None)


WHENEVER = st.integers(0, local("2040-01-01", "UTC")) | st.integers(0, YEAR_10000 - 5 * DAY)
"""Mostly while zones still changed their clocks by decree."""
ZONES = st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe", "Pacific/Apia"]) | (
    st.sampled_from(zone_names())
)
TIMES = st.sampled_from([None, "00:00", "02:30", "23:59"])


@drawn(st.integers(0, YEAR_10000 - 1), st.integers(1, 9999), ZONES, TIMES)
def test_it_is_within_a_day_or_two_of_so_many_times_24_hours(date, days, zone, at):
    due_at = before(date, f"{days}d", zone=zone, at=at)

    assert abs(date - days * DAY - due_at) <= 2 * DAY


@drawn(WHENEVER, st.integers(1, 9998), ZONES, TIMES)
def test_it_is_not_after_its_date_and_more_days_come_no_later(date, days, zone, at):
    due_at = before(date, f"{days}d", zone=zone, at=at)

    assert before(date, f"{days + 1}d", zone=zone, at=at) <= due_at <= date


@drawn(WHENEVER, st.integers(0, 3 * DAY), st.integers(1, 400), ZONES, TIMES)
@example(local("2026-10-25T02:50", BERLIN), 20 * 60, 1, BERLIN, None)
def test_a_later_local_time_comes_no_earlier(date, more, days, zone, at):
    """By the clock on the wall: where an hour comes twice, instants go on and that goes back."""
    first, second = sorted((date, date + more), key=lambda each: on_the_wall(each, zone))

    assert before(first, f"{days}d", zone=zone, at=at) <= before(
        second, f"{days}d", zone=zone, at=at
    )


@drawn(WHENEVER, st.integers(1, 9999), ZONES, TIMES)
def test_hours_are_exact_in_any_zone_and_at_any_time(date, hours, zone, at):
    assert before(date, f"{hours}h", zone=zone, at=at) == date - hours * 3_600


@drawn(st.integers(0, YEAR_10000 - 1), st.integers(1, 9999))
def test_without_changes_of_clocks_a_day_has_24_hours(date, days):
    assert before(date, f"{days}d", zone="UTC", at=None) == date - days * DAY


@drawn(st.integers(0, YEAR_10000 - 3 * DAY), st.integers(1, 40), st.sampled_from(zone_names()))
def test_the_local_time_is_kept_or_was_skipped(date, days, zone):
    due_at = before(date, f"{days}d", zone=zone, at=None)
    there = datetime.fromtimestamp(due_at, zone_of(zone))
    wanted = datetime.fromtimestamp(date, zone_of(zone)).time()
    just_before = datetime.fromtimestamp(due_at - 1, zone_of(zone))

    is_change = there.utcoffset() != just_before.utcoffset()
    assert there.time().replace(fold=0) == wanted.replace(fold=0) or is_change


def rules(zone: str = "UTC", **more: object) -> BusinessSettings:
    rule = {"name": "r", "on": "renewal_upcoming", "before": "7d", **more}
    return BusinessSettings.model_validate({"business": {"time_zone": zone}, "automations": [rule]})


def renewing(date: int, interval: str = "year"):
    usual = price(recurring={"interval": interval, "interval_count": 1})
    return subscription(items=[item(price=usual, current_period_end=date)])


def told(seen):
    return [each.due_at for each in seen.told(AutomationTriggered)]


def test_another_zone_arms_anew_what_is_to_come():
    date = local("2027-04-01T09:30", BERLIN)
    start = given(updated(renewing(date)), settings=rules())
    assert start.row.due_at == date - 7 * DAY
    start.settings = start.settings.followed_by(2, rules(BERLIN), at=START + 5)
    start.when(updated(renewing(date), at=START + 9))

    assert start.row.due_at == date - 7 * DAY + 3_600


def test_another_zone_tells_nothing_twice():
    date = local("2027-04-01T09:30", BERLIN)
    start = given(updated(renewing(date)), settings=rules())
    first = told(passed(start, date - 7 * DAY))
    start.settings = start.settings.followed_by(2, rules(BERLIN), at=date - 7 * DAY + 60)

    assert len(first) == 1
    assert told(passed(start, date - 7 * DAY + 3_600)) == []
    assert told(passed(start, date - DAY)) == []


def test_another_zone_loses_nothing_that_was_to_come():
    """By the old zone it was due at 09:00 UTC; by the new one it was at midnight, and is past."""
    date = local("2027-03-10T12:00", "UTC")
    due_day = date - 7 * DAY - 12 * 3_600
    start = given(updated(renewing(date)), settings=rules(at="09:00"))
    passed(start, due_day + 3 * 3_600)
    tokyo = rules("Asia/Tokyo", at="09:00")
    start.settings = start.settings.followed_by(2, tokyo, at=due_day + 4 * 3_600)
    first = passed(start, due_day + 5 * 3_600)

    assert told(first) == [iso(due_day)]
    assert told(passed(start, due_day + 10 * 3_600)) == []


@pytest.mark.parametrize(("is_armed", "fires"), [(False, 0), (True, 1)])
def test_a_period_too_short_for_it_is_armed_when_it_is_wanted(is_armed, fires):
    date = START + 30 * DAY
    settings = rules(before="20d", even_if_short=is_armed)
    start = given(updated(renewing(date, "month")), settings=settings)

    assert len(told(passed(start, date - 20 * DAY))) == fires


def test_a_time_of_day_is_of_the_day_so_many_before_however_early_the_date():
    date = local("2027-03-01T08:00", "UTC")
    start = given(updated(renewing(date)), settings=rules(before="1d", at="09:00"))

    assert start.row.due_at == date - DAY + 3_600


def armed(date: int, settings: BusinessSettings) -> list[int]:
    seen = given(updated(renewing(date)), settings=settings).row.facts
    (automation,), (one,) = settings.automations, seen.current
    return [each.due_at for each in moments(seen, one, automation, settings)]


def test_a_moment_that_falls_on_its_own_date_is_none():
    midnight = local("2011-12-31T00:00", "Pacific/Apia")  # the day before was skipped

    assert armed(midnight, rules("Pacific/Apia", before="1d")) == []
    assert armed(midnight + 1, rules("Pacific/Apia", before="1d")) == [midnight]


def test_hours_stay_what_they_are_beside_days_at_a_time():
    date = local("2027-06-10T23:30", BERLIN)

    assert armed(date, rules(BERLIN, before=["7d", "12h"], at="09:00")) == [
        local("2027-06-03T09:00", BERLIN),
        date - 12 * 3_600,
    ]


def test_a_moment_told_in_one_zone_has_the_key_of_any_other():
    date = local("2027-04-01T09:30", BERLIN)
    keys = {
        each.key
        for zone in ("UTC", BERLIN, NEW_YORK, "Pacific/Kiritimati")
        for each in passed(
            given(updated(renewing(date)), settings=rules(zone)), date - 6 * DAY
        ).told(AutomationTriggered)
    }

    assert keys == {f"r/sub_basic/7d/{date}"}


@pytest.fixture
def strange_system(tmp_path):
    """A system whose Berlin has the clocks of New York."""
    (tmp_path / "Europe").mkdir()
    (tmp_path / BERLIN).write_bytes((files("tzdata") / "zoneinfo" / NEW_YORK).read_bytes())
    zoneinfo.reset_tzpath(to=[tmp_path])
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("strange_system")
def test_zones_are_those_of_the_package_whatever_the_system_has():
    summer = datetime(2030, 7, 1)  # noqa: DTZ001 - a time on the wall
    read_anew = zone_of.__wrapped__(BERLIN)

    assert ZoneInfo.no_cache(BERLIN).utcoffset(summer) == timedelta(hours=-4)
    assert read_anew.utcoffset(summer) == timedelta(hours=2)


@pytest.mark.parametrize(
    ("zone", "words", "fault"),
    [
        ("Europe/Berln", {}, "did you mean 'Europe/Berlin'"),
        ("berlin", {}, "did you mean 'Europe/Berlin'"),
        ("new york", {}, "did you mean 'America/New_York'"),
        ("", {}, "such as 'Europe/Berlin'"),
        ("../zones", {}, "no time zone '../zones'"),
        ("UTC", {"at": "9:00"}, "a time of day"),
        ("UTC", {"at": "24:00"}, "a time of day"),
        ("UTC", {"at": "09:00", "before": "12h"}, "before has no days"),
    ],
)
def test_what_is_no_zone_and_no_time_is_refused(zone, words, fault):
    with pytest.raises(ValidationError, match=fault):
        rules(zone, **words)
