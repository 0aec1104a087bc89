"""The page Renewals: calendar and list are of the same days, or the list is of one of them."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import pytest

from console.queries.periods import month_name, month_of
from console.queries.renewal_list import renewals_page
from filled import UNTIL
from web import client

DAY_S = 86_400
THIS_MONTH = month_of(UNTIL)


def listed(browser, query):
    """Day and subscription of each renewal of the page's list, by its file."""
    text = browser.get(f"/renewals.csv?{query}").text
    lines = csv.DictReader(io.StringIO(text))
    return [(line["renews_at"][: len("2026-11-25")], line["subscription"]) for line in lines]


def days_of(page):
    return re.findall(r'<time datetime="([0-9]{4}-[0-9]{2}-[0-9]{2})"', page)


def test_another_month_is_the_calendars_and_the_lists(filled):
    browser, month = client(filled), month_name(THIS_MONTH + 1)
    page = browser.get(f"/renewals?month={month}").text
    begin, end = (
        int(datetime.fromisoformat(f"{month_name(each)}-01T00:00Z").timestamp())
        for each in (THIS_MONTH + 1, THIS_MONTH + 2)
    )
    with filled.connect() as connection:
        there = renewals_page(connection, livemode=True, begin=begin, end=end, limit=10_000)
    words = datetime.fromtimestamp(begin, UTC).strftime("%B %Y")

    assert there.count > 0
    assert [it for _, it in listed(browser, f"month={month}")] == [
        each.subscription for each in there.renewals
    ]
    assert f'<h2 id="calendar-title">{words}</h2>' in page
    assert f'<h2 id="list-title">{words}: {there.count} renewals</h2>' in page
    assert len(days_of(page)) == (end - begin) // DAY_S
    assert {day[:7] for day in days_of(page)} == {month}


def test_a_day_of_the_calendar_narrows_the_list_and_the_calendar_stays(filled):
    browser, month = client(filled), month_name(THIS_MONTH + 1)
    whole = browser.get(f"/renewals?month={month}").text
    link = re.search(r'href="/renewals\?([^"]*day=([^"]*))#list"', whole)
    query, day = link[1].replace("&amp;", "&"), link[2]
    page = browser.get(f"/renewals?{query}").text

    assert listed(browser, query) == [
        each for each in listed(browser, f"month={month}") if each[0] == day
    ]
    assert listed(browser, query)
    assert days_of(page) == days_of(whole)
    assert f'<h2 id="list-title">{datetime.fromisoformat(day):%A, %-d %b %Y}: ' in page
    assert "All of " in page
    assert "All of " not in whole


def test_without_a_choice_calendar_and_list_are_of_the_next_thirty_days(filled):
    page = client(filled).get("/renewals").text

    first, last = (datetime.fromtimestamp(UNTIL + days * DAY_S, UTC) for days in (0, 29))
    words = f"{first:%-d %b %Y} – {last:%-d %b %Y}"
    assert f'<h2 id="calendar-title">{words}</h2>' in page
    assert f'<h2 id="list-title">{words}: ' in page


def test_a_year_is_shown_by_months(filled):
    page = client(filled).get("/renewals?days=365").text

    assert '<table class="calendar">' not in page
    assert f"month={month_name(THIS_MONTH + 1)}" in page


@pytest.mark.parametrize("query", ["first=soon", "month=2026-12&day=soon", "day=1066-10-14"])
def test_what_is_no_day_is_said(filled, query):
    page = client(filled).get(f"/renewals?{query}").text

    assert "The next 30 days are shown." in page
