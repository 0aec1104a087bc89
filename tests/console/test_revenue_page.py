"""The page Revenue and its addresses of the API: every figure, every chart as a table, no float."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

import pytest
from sqlalchemy import create_engine, select

from console.queries.funnel import funnel, median
from console.queries.movements import movements_page
from console.queries.periods import period
from console.queries.revenue_page import Asked
from console.read_model.tables import metadata
from console.read_model.update_tables import mrr_movements, stage_changes
from filled import UNTIL, fill
from schemas.money import Amount
from web import client

DAY_S = 86_400


@pytest.fixture
def connection(filled):
    with filled.connect() as connection:
        yield connection


@pytest.fixture
def empty(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'read_model.db'}")
    metadata.create_all(engine)
    fill(engine, [])
    return engine


def test_the_funnel_by_brute_force(connection):
    asked = period("custom", now=UNTIL, earliest_day=None, first="2026-02-01", last="2026-09-30")
    rows = connection.execute(
        select(stage_changes)
        .where(stage_changes.c.livemode)
        .order_by(
            stage_changes.c.subject,
            stage_changes.c.effective_at,
            stage_changes.c.sequence,
            stage_changes.c.index,
        )
    ).mappings()
    entered, ways = Counter(), {}
    of_subject = {}
    for row in rows:
        of_subject.setdefault(row["subject"], []).append(row)
    for changes in of_subject.values():
        for at, row in enumerate(changes):
            day = row["effective_at"] // DAY_S
            if not asked.first_day <= day <= asked.last_day:
                continue
            entered[row["stage"]] += 1
            if at + 1 < len(changes):
                days = (changes[at + 1]["effective_at"] - row["effective_at"]) // DAY_S
                if day + days <= asked.last_day:
                    ways.setdefault((row["stage"], changes[at + 1]["stage"]), []).append(days)
    stages = ("Trial", "Customer", "Churn")
    found = funnel(connection, livemode=True, stages=stages, period=asked)

    assert [each.stage for each in found] == list(stages)
    for each, following in zip(found, (*stages[1:], None), strict=True):
        assert each.entered == entered[each.stage] > 0
        assert each.converted == len(ways.get((each.stage, following), ()))
        told = {way.stage: (way.accounts, way.median_days) for way in each.ways}
        assert told == {
            to: (len(days), sorted(days)[(len(days) - 1) // 2])
            for (stage, to), days in ways.items()
            if stage == each.stage
        }
        assert each.still == each.entered - sum(way.accounts for way in each.ways)


@pytest.mark.parametrize(
    ("counts", "middle"),
    [({3: 1}, 3), ({1: 1, 9: 1}, 1), ({1: 1, 5: 3, 9: 1}, 5), ({0: 2, 7: 3}, 7)],
)
def test_the_lower_median_of_counts(counts, middle):
    assert median(counts) == middle


def test_movements_one_by_one_are_all_of_the_period(connection):
    seen, cursor = [], ""
    while True:
        page = movements_page(
            connection,
            Asked(currency="usd", span="90d"),
            livemode=True,
            now=UNTIL,
            cursor=cursor,
            limit=9,
        )
        seen += [each.id for each in page.movements]
        if page.cursor is None:
            break
        cursor = page.cursor
    first = (UNTIL // DAY_S - 89) * DAY_S
    told = select(mrr_movements.c.id).where(
        mrr_movements.c.livemode,
        mrr_movements.c.currency == "usd",
        mrr_movements.c.effective_at >= first,
    )
    assert len(seen) == len(set(seen)) > 9
    assert set(seen) == set(connection.scalars(told))


@pytest.mark.parametrize("currency", ["usd", "eur", "jpy", "kwd"])
def test_each_chart_has_the_same_as_a_table(filled, currency):
    page = client(filled).get(f"/revenue?currency={currency}&period=all").text

    assert page.count('<figure class="chart"') == page.count("The same as a table") >= 5
    assert "It adds up" in page
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        assert "<table" in figure


def test_the_sum_on_the_page_is_the_sum_of_its_lines(filled):
    found = client(filled).get("/api/v1/revenue?currency=usd&period=90d").json()["revenue"]
    lines = [found["start"], *found["moved"].values()]

    exact = sum((fraction(each) for each in lines), fraction({"exact": "0"}))
    assert exact == fraction(found["end"])
    assert Amount.of(exact).amount_minor == found["end"]["amount_minor"]


def fraction(amount):
    return Fraction(amount["exact"])


def test_no_amount_of_the_api_is_a_float(filled):
    browser = client(filled)
    for address in ("revenue", "cohorts", "funnel", "movements"):
        assert not list(floats(browser.get(f"/api/v1/{address}").json()))


def floats(value):
    if isinstance(value, float):
        yield value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from floats(each)


@pytest.mark.parametrize(
    "query",
    ["period=custom&first=x", "period=century", "period=custom&first=2027-01-01&last=2026-01-01"],
)
def test_what_is_no_period_is_said_and_the_default_shown(filled, query):
    browser = client(filled)
    page = browser.get(f"/revenue?{query}")

    assert page.status_code == 200
    assert "The last 12 months are shown" in page.text
    assert browser.get(f"/api/v1/revenue?{query}").status_code == 422


def test_a_currency_that_there_is_not_shows_that_of_most_payers(filled):
    assert client(filled).get("/api/v1/revenue?currency=xxx").json()["revenue"]["currency"] == "usd"


def test_names_and_plans_are_written_as_text(filled):
    browser = client(filled)
    for address in ("/revenue", "/revenue/movements?first=2026-01-02&last=2026-01-02"):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "alert(1)" in page


def test_movements_of_a_kind(filled):
    page = client(filled).get("/revenue/movements?period=all&movement=churn").text

    assert "churn" in page
    assert '<span class="badge good">new</span>' not in page
    for cursor in ("x-y", "1", "9" * 30 + "-a"):
        assert client(filled).get(f"/revenue/movements?cursor={cursor}").status_code == 404


def test_an_empty_read_model_has_a_page_that_says_so(empty):
    browser = client(empty)
    page = browser.get("/revenue")

    assert page.status_code == 200
    assert "No MRR yet" in page.text
    assert "No movement in this period" in browser.get("/revenue/movements").text
    assert browser.get("/api/v1/revenue").json()["revenue"] is None
    assert browser.get("/api/v1/cohorts").json()["cohorts"] == []


def test_test_mode_is_apart(filled):
    browser = client(filled)
    live = browser.get("/api/v1/revenue?period=all").json()
    test = browser.get("/api/v1/revenue?period=all&mode=test").json()

    assert live["currencies"] != test["currencies"] == ["usd"]
    assert test["revenue"]["payers"] == 1
