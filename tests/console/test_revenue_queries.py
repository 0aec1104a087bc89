"""Revenue by brute force over the movements, in fractions: the page's figures are the same."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from sqlalchemy import create_engine, select

from console.queries.cohorts import cohorts, percent, retention
from console.queries.periods import BadPeriodError, day_name, month_name, month_of, period
from console.queries.revenue import (
    MOVEMENTS,
    currencies,
    earliest_day,
    mrr_by_plan,
    mrr_by_stage,
    revenue,
)
from console.read_model.tables import account_mrr, metadata, subscriptions
from console.read_model.update_tables import mrr_movements
from filled import UNTIL
from schemas.money import Amount

DAY_S = 86_400
SPANS = ("30d", "90d", "12m", "all")


@pytest.fixture
def connection(filled):
    with filled.connect() as connection:
        yield connection


@pytest.fixture
def told(connection):
    """Live movements of each currency."""
    by_currency = defaultdict(list)
    for each in connection.execute(select(mrr_movements)).mappings():
        if each["livemode"]:
            by_currency[each["currency"]].append(each)
    return by_currency


def total(movements):
    return sum((Fraction(each["delta_exact"]) for each in movements), Fraction())


def chosen(connection, currency, span, step=""):
    first = earliest_day(connection, livemode=True, currency=currency)
    return period(span, now=UNTIL, earliest_day=first, step=step)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_mrr_at_the_end_of_each_step_is_the_sum_of_all_movements_until_then(
    connection, told, span, step
):
    assert len(told) > 1
    for currency, movements in told.items():
        asked = chosen(connection, currency, span, step)
        found = revenue(connection, livemode=True, currency=currency, period=asked)

        assert found.points[0].first_day == asked.first
        assert found.points[-1].last_day == asked.last
        for point, part in zip(found.points, asked.parts, strict=True):
            end = (part.last_day + 1) * DAY_S
            assert point.mrr == Amount.of(
                total(each for each in movements if each["effective_at"] < end)
            )


@pytest.mark.parametrize("span", SPANS)
def test_start_and_movements_add_up_to_the_end_in_each_currency(connection, told, span):
    for currency in told:
        asked = chosen(connection, currency, span)
        found = revenue(connection, livemode=True, currency=currency, period=asked)
        moved = sum((Fraction(it.exact) for it in found.moved.values()), Fraction())

        assert set(found.moved) == set(MOVEMENTS)
        assert Fraction(found.start.exact) + moved == Fraction(found.end.exact)
        before = Fraction(found.start.exact)
        for point in found.points:
            before += sum((Fraction(it.exact) for it in point.moved.values()), Fraction())
            assert before == Fraction(point.mrr.exact)


def test_what_is_dated_after_the_period_is_told_apart(connection, told):
    currency = currencies(connection, livemode=True)[0]
    first = earliest_day(connection, livemode=True, currency=currency)
    asked = period("30d", now=UNTIL - 90 * DAY_S, earliest_day=first, step="")
    found = revenue(connection, livemode=True, currency=currency, period=asked)
    end = (asked.last_day + 1) * DAY_S

    assert found.later == Amount.of(
        total(each for each in told[currency] if each["effective_at"] >= end)
    )
    assert found.later.exact != "0"


def test_movements_of_a_step_are_those_that_took_effect_in_it(connection, told):
    currency = currencies(connection, livemode=True)[0]
    asked = chosen(connection, currency, "all", "month")
    found = revenue(connection, livemode=True, currency=currency, period=asked)

    for point in found.points:
        within = [
            each
            for each in told[currency]
            if month_name(month_of(each["effective_at"])) == point.name
        ]
        assert point.movements == len(within)
        for kind in MOVEMENTS:
            same = [each for each in within if each["movement"] == kind]
            assert point.moved[kind] == Amount.of(total(same))


def test_paying_accounts_and_arpa(connection, told):
    for currency, movements in told.items():
        after = defaultdict(Fraction)
        for each in movements:
            after[each["subject"]] += Fraction(each["delta_exact"])
        paying = [amount for amount in after.values() if amount]
        asked = chosen(connection, currency, "12m")
        found = revenue(connection, livemode=True, currency=currency, period=asked)

        assert found.payers == len(paying) > 0
        assert found.arpa == Amount.of(sum(paying) / len(paying))


def test_mrr_by_stage_and_by_plan_add_up_to_the_rows(connection, told):
    for currency in told:
        rows = connection.execute(
            select(account_mrr.c.mrr_exact).where(
                account_mrr.c.livemode, account_mrr.c.currency == currency
            )
        ).scalars()
        whole = sum(map(Fraction, rows), Fraction())
        asked = chosen(connection, currency, "30d")
        found = revenue(connection, livemode=True, currency=currency, period=asked)
        by_stage = mrr_by_stage(connection, livemode=True, currency=currency)
        by_plan = mrr_by_plan(connection, livemode=True, currency=currency)

        assert Fraction(found.rows.exact) == whole
        assert sum(Fraction(each.mrr.exact) for each in by_stage) == whole
        assert sum(Fraction(each.mrr.exact) for each in by_plan) == whole
        plans = select(subscriptions.c.subscription).where(
            subscriptions.c.livemode,
            subscriptions.c.currency == currency,
            subscriptions.c.mrr_minor > 0,
        )
        assert sum(it.count for it in by_plan) == len(connection.execute(plans).all())


def test_cohorts_by_brute_force(connection, told):
    for currency, movements in told.items():
        first = {}
        for each in movements:
            at = min(first.get(each["subject"], each["effective_at"]), each["effective_at"])
            first[each["subject"]] = at
        members = defaultdict(set)
        for subject, at in first.items():
            members[month_name(month_of(at))].add(subject)
        this_month = month_of(UNTIL)
        found = cohorts(connection, livemode=True, currency=currency, this_month=this_month)

        assert {it.month: it.accounts for it in found} == {k: len(v) for k, v in members.items()}
        for cohort in found:
            begin = month_of(
                datetime.fromisoformat(cohort.month + "-01").replace(tzinfo=UTC).timestamp()
            )
            of_cohort = [it for it in movements if it["subject"] in members[cohort.month]]
            sizes = []
            for month in cohort.months:
                until = [
                    it for it in of_cohort if month_of(it["effective_at"]) <= begin + month.offset
                ]
                left = defaultdict(Fraction)
                for each in until:
                    left[each["subject"]] += Fraction(each["delta_exact"])
                sizes.append(sum(left.values(), Fraction()))
                assert month.mrr == Amount.of(sizes[-1])
                assert month.payers == sum(1 for amount in left.values() if amount)
                assert month.payers_share == percent(month.payers, cohort.accounts)
                assert month.mrr_share == percent(sizes[-1], sizes[0])


def test_retention_by_brute_force(connection, told):
    currency = currencies(connection, livemode=True)[0]
    movements = told[currency]
    firsts = {}
    for each in movements:
        month = month_of(each["effective_at"])
        firsts[each["subject"]] = min(firsts.get(each["subject"], month), month)
    found = retention(connection, livemode=True, currency=currency, this_month=month_of(UNTIL))

    assert found[-1].is_partial
    assert [it.is_partial for it in found[:-1]] == [False] * (len(found) - 1)
    for each in found:
        year, month = map(int, each.month.split("-"))
        number = year * 12 + month - 1
        start = total(it for it in movements if month_of(it["effective_at"]) < number)
        within = [
            it
            for it in movements
            if month_of(it["effective_at"]) == number and firsts[it["subject"]] < number
        ]
        lost = [it for it in within if it["movement"] in {"churn", "contraction"}]
        assert each.start == Amount.of(start)
        assert each.net == percent(start + total(within), start)
        assert each.gross == percent(start + total(lost), start)
        assert each.lost == sum(1 for it in within if it["after_exact"] == "0")
        assert each.churn == percent(each.lost, each.payers)


def test_live_and_test_customers_are_apart(connection):
    for livemode in (True, False):
        currency = currencies(connection, livemode=livemode)[0]
        asked = chosen(connection, currency, "12m")
        of_mode = [
            each
            for each in connection.execute(select(mrr_movements)).mappings()
            if each["livemode"] == livemode and each["currency"] == currency
        ]
        found = revenue(connection, livemode=livemode, currency=currency, period=asked)

        assert found.end == Amount.of(total(of_mode))


def test_nothing_at_all_gives_nothing():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    asked = period("all", now=UNTIL, earliest_day=None)
    with engine.connect() as connection:
        found = revenue(connection, livemode=True, currency="usd", period=asked)

        assert currencies(connection, livemode=True) == ()
        assert found.end == Amount.of(Fraction())
        assert found.arpa is None
        assert cohorts(connection, livemode=True, currency="usd", this_month=24_000) == ()
        assert retention(connection, livemode=True, currency="usd", this_month=24_000) == ()


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 3, "33.3"), (Fraction(1, 2), 4, "12.5"), (0, 5, "0.0"), (3, 2, "150.0"), (1, 0, None)],
)
def test_shares_are_exact_until_their_one_decimal(part, whole, text):
    assert percent(part, whole) == text


def test_weeks_begin_on_mondays_and_are_cut_at_the_ends():
    asked = period(
        "custom", now=UNTIL, earliest_day=None, step="week", first="2026-11-05", last="2026-11-17"
    )

    parts = [(day_name(it.first_day), day_name(it.last_day)) for it in asked.parts]
    assert parts == [
        ("2026-11-05", "2026-11-08"),
        ("2026-11-09", "2026-11-15"),
        ("2026-11-16", "2026-11-17"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"span": "for ever"},
        {"span": "custom", "first": "yesterday"},
        {"span": "custom", "first": "2026-02-01", "last": "2026-01-01"},
        {"span": "30d", "step": "year"},
        {"span": "custom", "first": "0001-01-01"},
        {"span": "custom", "first": "2000-01-01", "step": "day"},
    ],
)
def test_what_is_no_period_is_refused(given):
    with pytest.raises(BadPeriodError):
        period(**given, now=UNTIL, earliest_day=None)
