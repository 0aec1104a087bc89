"""Every object has the fields of its API version, where that version has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from histories import history, objects
from simulation.objects import Generation

LEGACY, BASIL, CLOVER, ENDIVE = Generation
KEYS = json.loads((Path(__file__).parents[1] / "data" / "stripe_keys.json").read_text())
LATER = {"subscription": {"status_details"}, "subscription_schedule": {"pause_schedules"}}
"""Fields of 2026-09-30.endive, after the samples; `coupon` left the discount before them."""
SINCE_BASIL = [BASIL, CLOVER, ENDIVE]


@pytest.mark.parametrize("generation", SINCE_BASIL)
def test_no_object_has_a_field_that_stripe_does_not_have(generation):
    before = {"discount": {"coupon"}} if generation is BASIL else {}
    for event in history(generation):
        thing = event["data"]["object"]
        kind = thing["object"]
        known = {*KEYS[kind], *LATER.get(kind, ()), *before.get(kind, ())}
        assert thing.keys() <= known, kind


@pytest.mark.parametrize("generation", SINCE_BASIL)
def test_what_is_inside_has_only_stripes_fields_too(generation):
    for sub in objects(history(generation), "subscription"):
        for item in sub["items"]["data"]:
            assert item.keys() <= {*KEYS["subscription_item"]}
            assert item["price"].keys() == {*KEYS["price"]}
            assert item["plan"].keys() | {"meter"} == {*KEYS["plan"]}
    for invoice in objects(history(generation), "invoice"):
        for line in invoice["lines"]["data"]:
            assert line.keys() <= {*KEYS["line_item"]}
    for schedule in objects(history(generation), "subscription_schedule"):
        for phase in schedule["phases"]:
            assert phase.keys() <= {*KEYS["subscription_schedule_phase"]}


@pytest.mark.parametrize("generation", Generation)
def test_every_event_is_a_snapshot_of_its_generation(generation):
    for event in history(generation):
        assert event["object"] == "event"
        assert event["api_version"] == generation
        assert event["livemode"] is True
        assert event["pending_webhooks"] == 1
        assert event["data"]["object"].get("livemode", True) is True


@pytest.mark.parametrize("generation", Generation)
def test_periods_are_on_items_since_2025_03_31_and_above_them_before(generation):
    for sub in objects(history(generation), "subscription"):
        items = sub["items"]["data"]
        assert ("current_period_end" in sub) is (generation is LEGACY)
        assert all(("current_period_end" in item) is (generation is not LEGACY) for item in items)


def test_mixed_intervals_have_periods_of_their_own_and_the_earliest_above():
    mixed = [
        sub
        for sub in objects(history(ENDIVE), "subscription")
        if len({item["current_period_end"] for item in sub["items"]["data"]}) > 1
    ]
    ends = {sub["id"]: sub for sub in objects(history(LEGACY), "subscription")}

    assert mixed
    assert {sub["id"] for sub in mixed} <= ends.keys()


@pytest.mark.parametrize("generation", Generation)
def test_a_discount_is_whole_an_id_or_without_its_coupon(generation):
    subs = objects(history(generation), "subscription")
    field = "discount" if generation is LEGACY else "discounts"
    given = [sub[field] for sub in subs if sub[field]]
    told = objects(history(generation), "discount")

    assert given
    if generation is LEGACY:
        assert all(each["coupon"]["duration"] for each in given)
    else:
        assert {type(id) for ids in given for id in ids} == {str}
    if generation in {LEGACY, BASIL}:
        assert all(each["coupon"]["id"] and "source" not in each for each in told)
    else:
        assert {each["source"]["type"] for each in told} == {"coupon"}
        assert all("coupon" not in each for each in told)


def test_discounts_are_of_subscriptions_items_and_customers():
    told = objects(history(ENDIVE), "discount")
    levels = {(bool(each["subscription"]), bool(each["subscription_item"])) for each in told}

    assert levels == {(True, False), (True, True), (False, False)}
    assert {bool(each["end"]) for each in told} == {True, False}


@pytest.mark.parametrize("generation", Generation)
def test_an_invoice_names_its_subscription_where_its_generation_does(generation):
    for invoice in objects(history(generation), "invoice"):
        if generation is LEGACY:
            assert invoice["subscription"]
            assert invoice["paid"] is (invoice["status"] == "paid")
            assert "parent" not in invoice
        else:
            assert invoice["parent"]["subscription_details"]["subscription"]
            assert "subscription" not in invoice


def test_invoice_payments_came_in_2025():
    assert not objects(history(LEGACY), "invoice_payment")
    assert objects(history(BASIL), "invoice_payment")


def test_tiers_are_in_no_webhook_and_neither_is_an_amount_per_unit():
    tiered = [price for price in objects(history(), "price") if price["billing_scheme"] == "tiered"]

    assert {price["tiers_mode"] for price in tiered} == {"volume", "graduated"}
    assert not any("tiers" in price or price["unit_amount"] for price in tiered)


def test_metered_items_have_no_quantity():
    for sub in objects(history(), "subscription"):
        for item in sub["items"]["data"]:
            is_metered = item["price"]["recurring"]["usage_type"] == "metered"
            assert ("quantity" in item) is not is_metered


def test_a_scheduled_end_is_told_in_both_ways():
    told = {
        (sub["cancel_at_period_end"], sub["cancel_at"] is not None)
        for sub in objects(history(), "subscription")
        if sub["status"] == "active"
    }

    assert told == {(False, False), (True, True), (False, True)}
