"""Renewals: the calendar, the list and the file say the same, as the worker's rows have it."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, select

from console.queries.periods import month_of
from console.queries.renewal_list import (
    RISK_COLUMNS,
    at_risk,
    renewals_at_risk,
    renewals_page,
)
from console.queries.renewals import month_of_renewals
from console.read_model.ahead_tables import renewals
from console.read_model.tables import metadata, subscriptions
from filled import NASTY, NASTY_WORDS, UNTIL, fill
from web import client

DAY_S = 86_400
THIS_MONTH = month_of(UNTIL)


@pytest.fixture
def connection(filled):
    with filled.connect() as connection:
        yield connection


def rows(connection, **wanted):
    found = connection.execute(select(renewals)).mappings()
    return [each for each in found if all(each[name] == it for name, it in wanted.items())]


def window(month):
    begin = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
    following = month + 1
    end = datetime(following // 12, following % 12 + 1, 1, tzinfo=UTC)
    return int(begin.timestamp()), int(end.timestamp())


@pytest.mark.parametrize("month", [THIS_MONTH - 1, THIS_MONTH, THIS_MONTH + 1, THIS_MONTH + 11])
def test_the_days_of_a_month_add_up_to_the_list(connection, month):
    begin, end = window(month)
    calendar = month_of_renewals(connection, livemode=True, month=month)
    listed = renewals_page(connection, livemode=True, begin=begin, end=end, limit=10_000)

    by_day = defaultdict(lambda: [0, 0, 0])
    for each in listed.renewals:
        key = (datetime.fromtimestamp(each.renews_at, UTC).date().isoformat(), each.currency)
        by_day[key][0] += 1
        by_day[key][1] += each.amount_minor or 0
        by_day[key][2] += each.amount_minor is None
    found = {
        (day.day, it.currency): [it.subscriptions, it.amount_minor, it.unknown]
        for week in calendar.weeks
        for day in week
        for it in day.expected
    }
    assert found == by_day
    assert calendar.total == listed.total
    assert listed.count == len(listed.renewals)


def test_a_renewal_is_when_the_customers_row_says(connection):
    table = subscriptions.c
    told = {
        (subject, subscription): at
        for subject, subscription, at in connection.execute(
            select(table.subject, table.subscription, table.renews_at).where(
                table.renews_at.is_not(None)
            )
        )
    }
    found = {
        (each["subject"], each["subscription"]): each["renews_at"]
        for each in rows(connection)
        if each["renews_at"] is not None
    }

    assert len(told) > 50
    assert found == told


def test_sorting_and_leafing_show_each_once(connection):
    begin, end = UNTIL, UNTIL + 60 * DAY_S
    for sort in ("date", "-date", "amount", "-amount"):
        seen = []
        for offset in range(0, 400, 25):
            page = renewals_page(
                connection, livemode=True, begin=begin, end=end, sort=sort, limit=25, offset=offset
            )
            seen += [(each.subject, each.subscription) for each in page.renewals]
        assert len(seen) == len(set(seen)) == page.count > 25
    dates = [
        each.renews_at
        for each in renewals_page(
            connection, livemode=True, begin=begin, end=end, sort="-date"
        ).renewals
    ]
    assert dates == sorted(dates, reverse=True)


def test_a_currency_is_shown_alone(connection):
    page = renewals_page(
        connection, livemode=True, begin=UNTIL, end=UNTIL + 90 * DAY_S, currency="eur"
    )

    assert {each.currency for each in page.renewals} == {"eur"}
    assert [each.currency for each in page.total] == ["eur"]


def test_risks_are_counted_and_listed_alike(connection):
    for risk in at_risk(connection, livemode=True):
        listed = renewals_at_risk(connection, livemode=True, risk=risk.risk, limit=1_000)

        assert risk.subscriptions == len(listed) > 0
        assert all(risk.risk in each.risks for each in listed)
        mrr = defaultdict(int)
        for each in listed:
            mrr[each.currency] += each.mrr_minor or 0
        assert {it.currency: it.mrr_minor for it in risk.mrr} == mrr
        assert sum(it.unknown for it in risk.mrr) == sum(it.mrr_minor is None for it in listed)
    every = renewals_at_risk(connection, livemode=True, risk="", limit=1_000)
    assert {(it.subject, it.subscription) for it in every} == {
        (it["subject"], it["subscription"])
        for it in rows(connection, livemode=True)
        if any(it[column.name] for column in RISK_COLUMNS.values())
    }


def test_what_endangers_a_renewal_is_told_by_the_row(connection):
    for each in rows(connection):
        expires = each["card_expires_at"]
        assert each["is_past_due"] == (each["status"] in {"past_due", "unpaid"})
        assert each["is_cancel_scheduled"] == (each["ends_at"] is not None)
        assert each["is_card_expiring"] == bool(
            each["renews_at"] and expires and expires <= each["renews_at"]
        )
        assert each["is_failing"] == (each["attempts"] > 0)


def test_the_page_shows_calendar_list_and_risks(filled):
    page = client(filled).get("/renewals")

    assert page.status_code == 200
    assert '<table class="calendar">' in page.text
    assert "Card expiring" in page.text
    assert "Expected" in page.text


@pytest.mark.parametrize("query", ["month=2027-13", "days=-3", "first=soon", "sort=x", "offset=-1"])
def test_what_cannot_be_understood_shows_the_default(filled, query):
    assert client(filled).get(f"/renewals?{query}").status_code == 200


def test_the_file_has_the_renewals_of_the_list_and_no_formula(filled):
    text = client(filled).get("/renewals.csv?days=365").text
    lines = list(csv.DictReader(io.StringIO(text)))

    with filled.connect() as connection:
        end = (UNTIL // DAY_S + 365) * DAY_S
        begin = UNTIL // DAY_S * DAY_S
        page = renewals_page(connection, livemode=True, begin=begin, end=end, limit=10_000)
    assert [line["subscription"] for line in lines] == [it.subscription for it in page.renewals]
    assert not [
        cell for line in lines for cell in line.values() if cell[:1] in {"=", "+", "-", "@"}
    ]


def test_names_are_written_as_text(filled):
    with filled.connect() as connection:
        (nasty,) = rows(connection, subject=NASTY)
    day = datetime.fromtimestamp(nasty["renews_at"], UTC).date()
    page = client(filled).get(f"/renewals?first={day}&last={day}").text

    assert "&lt;script&gt;alert(1)" in page
    assert NASTY_WORDS not in page
    assert "<script>alert" not in page


def test_the_api_says_the_same(filled):
    browser = client(filled)
    found = browser.get("/api/v1/renewals?limit=500&sort=-amount").json()
    calendar = browser.get("/api/v1/renewals/calendar").json()

    with filled.connect() as connection:
        month = month_of_renewals(connection, livemode=True, month=THIS_MONTH)
    assert found["count"] == len(found["renewals"])
    assert calendar["month"] == month.month
    assert sum(it["subscriptions"] for it in calendar["total"]) == sum(
        it.subscriptions for it in month.total
    )
    assert len(browser.get("/api/v1/renewals/at-risk?risk=failing").json()) > 0
    assert browser.get("/api/v1/renewals?first=soon").status_code == 422
    assert browser.get("/api/v1/renewals/calendar?month=2027-13").status_code == 422


def test_an_empty_read_model_has_empty_pages(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'read_model.db'}")
    metadata.create_all(engine)
    fill(engine, [])
    browser = client(engine)

    assert "Nothing renews in these days" in browser.get("/renewals").text
    assert "Nothing is at risk" in browser.get("/renewals/at-risk").text
    assert browser.get("/renewals.csv").text.count("\n") == 1
