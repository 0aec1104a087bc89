"""Stripe's rules that the simulated year keeps: periods, invoices, dunning, amounts."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

import pytest

from histories import history, objects
from simulation.catalog import GRADUATED, PACKAGE, VOLUME
from simulation.coupons import Coupon
from simulation.objects import DAY_S, HOUR_S, Generation
from simulation.prices import Price, months_after

ENDIVE = Generation.ENDIVE


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("begins", "months", "ends"),
    [
        ("2026-01-31T09:00:00", 1, "2026-02-28T09:00:00"),
        ("2026-02-28T09:00:00", 1, "2026-03-31T09:00:00"),
        ("2026-12-31T09:00:00", 2, "2027-02-28T09:00:00"),
        ("2027-02-28T09:00:00", 12, "2028-02-29T09:00:00"),
    ],
)
def test_months_keep_the_day_of_their_anchor(begins, months, ends):
    anchor = seconds("2026-01-31T09:00:00")

    assert months_after(seconds(begins), months, anchor) == seconds(ends)


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        (VOLUME, 10, 16000),
        (VOLUME, 11, 13200),
        (GRADUATED, 0, 4900),
        (GRADUATED, 5, 4900),
        (GRADUATED, 20, 4900 + 15 * 1300),
        (GRADUATED, 22, 4900 + 15 * 1300 + 2 * 1000),
        (PACKAGE, 1001, 1800),
        (Price(id="price_1", product="prod_1", unit_amount=300), 3, 900),
    ],
)
def test_tiers_and_packages_cost_what_stripe_says(price, quantity, amount):
    assert price.cost(quantity) == amount


def test_a_coupon_takes_off_a_percentage_or_an_amount_of_its_currency():
    percent = Coupon(id="P", created=0, percent_off=12.5)
    amount = Coupon(id="A", created=0, amount_off=500, currency="usd")

    assert percent.off(Fraction(1000), "jpy") == 125
    assert [amount.off(Fraction(each), "usd") for each in (1000, 300)] == [500, 300]
    assert amount.off(Fraction(1000), "eur") == 0


def test_a_period_begins_where_the_last_one_ended_or_at_the_event():
    ends = {}
    for event in history(ENDIVE):
        sub = event["data"]["object"]
        if sub["object"] != "subscription":
            continue
        for item in sub["items"]["data"]:
            begins = item["current_period_start"]
            known = ends.get(item["id"], (begins, begins))
            assert begins in {known[0], known[1], event["created"]}
            ends[item["id"]] = (begins, item["current_period_end"])


def test_an_invoice_goes_from_draft_to_its_end_and_each_attempt_is_counted():
    ways = defaultdict(list)
    for event in history(ENDIVE):
        invoice = event["data"]["object"]
        if invoice["object"] == "invoice" and event["type"] != "invoice.upcoming":
            ways[invoice["id"]].append((event["type"], invoice))
    tries = set()
    for way in ways.values():
        types = [what for what, _ in way]
        assert types[:2] in (["invoice.created"], ["invoice.created", "invoice.finalized"])
        failures = [each for what, each in way if what == "invoice.payment_failed"]
        assert [each["attempt_count"] for each in failures] == list(range(1, len(failures) + 1))
        tries.add(len(failures))
        assert all(each["amount_due"] >= 0 for _, each in way)

    assert tries >= {0, 1, 2, 3, 4}


def test_a_renewal_is_a_draft_for_about_an_hour():
    made = {}
    for event in history(ENDIVE):
        invoice = event["data"]["object"]
        if event["type"] == "invoice.created" and invoice["billing_reason"] == "subscription_cycle":
            made[invoice["id"]] = event["created"]
        if event["type"] == "invoice.finalized" and invoice["id"] in made:
            assert HOUR_S <= event["created"] - made[invoice["id"]] < 2 * HOUR_S


def test_an_invoice_is_told_a_week_before_it_is_made_and_has_no_id():
    told = [event for event in history() if event["type"] == "invoice.upcoming"]

    assert len(told) > 500
    for event in told:
        thing = event["data"]["object"]
        assert "id" not in thing
        assert thing["period_end"] - event["created"] == 7 * DAY_S
        assert thing["next_payment_attempt"] == thing["period_end"] + HOUR_S


def test_a_card_is_attached_before_it_is_the_default_and_detached_once():
    last = {}
    for event in history():
        thing = event["data"]["object"]
        if thing["object"] == "payment_method":
            assert last.get(thing["id"]) != "payment_method.detached"
            last[thing["id"]] = event["type"]
        elif thing["object"] == "customer":
            default = thing["invoice_settings"]["default_payment_method"]
            assert default is None or default in last

    assert set(last.values()) >= {"payment_method.attached", "payment_method.detached"}


def test_dunning_ends_in_every_way():
    statuses = defaultdict(list)
    for sub in objects(history(), "subscription"):
        statuses[sub["id"]].append(sub["status"])
    after = {now for way in statuses.values() for was, now in pairwise(way) if was == "past_due"}

    assert after >= {"active", "unpaid", "canceled"}


def test_a_reminder_comes_three_days_before_the_trial_ends():
    for event in history():
        if event["type"] == "customer.subscription.trial_will_end":
            assert event["data"]["object"]["trial_end"] - event["created"] == 3 * DAY_S


def test_customers_come_back_and_have_two_subscriptions_at_once():
    live, most, came_back = defaultdict(set), 0, 0
    for sub in objects(history(), "subscription"):
        mine = live[sub["customer"]]
        if sub["status"] in {"canceled", "incomplete_expired"}:
            mine.discard(sub["id"])
        else:
            mine.add(sub["id"])
        most = max(most, len(mine))
    subs = defaultdict(set)
    for sub in objects(history(), "subscription"):
        subs[sub["customer"]].add(sub["id"])
    came_back = sum(len(each) > 1 for each in subs.values())

    assert most >= 2
    assert came_back > 20


def test_your_own_id_comes_early_late_changed_or_never():
    told = defaultdict(list)
    for event in history():
        thing = event["data"]["object"]
        if thing["object"] == "customer":
            told[thing["id"]].append(thing["metadata"].get("account_id"))
    ways = {(each[0] is not None, len(set(each)) > 1) for each in told.values()}

    assert ways == {(True, False), (True, True), (False, True), (False, False)}
