"""Switches, figures, caveats: what changes an amount beside Stripe's own data."""

from __future__ import annotations

from pathlib import Path

import pytest

from build import START, coupon, discount, event, item, price, subscription, updated
from projections.mrr.words import CAVEATS, PENDING
from scenario import given
from schemas.settings import Business, BusinessSettings, Mrr

DOCS = (Path(__file__).parents[2] / "docs" / "mrr.md").read_text()
DAILY = [item(price=price(100, recurring={"interval": "day"}))]


def state(thing, *events, figure="subscription.mrr", **switches):
    settings = BusinessSettings(business=Business(mrr=figure), mrr=Mrr(**switches))
    return given(*events, settings=settings).when(updated(thing)).state


def usd(thing, *events, **settings):
    return state(thing, *events, **settings).mrr["usd"].exact


@pytest.mark.parametrize(
    ("switches", "thing", "exact"),
    [
        ({"count_past_due": False}, subscription(status="past_due"), "0"),
        ({"count_past_due": False}, subscription(), "2000"),
        ({"preset": "stripe", "cancel_counts": "end"}, subscription(cancel_at=START + 9), "2000"),
        ({"cancel_counts": "request"}, subscription(cancel_at_period_end=True), "0"),
        ({"days_per_month": "30"}, subscription(items=DAILY), "3000"),
    ],
)
def test_a_switch_overrides_its_preset(switches, thing, exact):
    assert usd(thing, **switches) == exact


@pytest.mark.parametrize(
    ("behavior", "resumes_at", "exact"),
    [
        ("void", None, "0"),
        ("mark_uncollectible", START + 1, "0"),
        ("void", START, "2000"),
        ("keep_as_draft", None, "2000"),
    ],
)
def test_a_pause_in_which_nothing_is_owed_may_be_left_out(behavior, resumes_at, exact):
    paused = subscription(pause_collection={"behavior": behavior, "resumes_at": resumes_at})

    assert usd(paused) == "2000"
    assert usd(paused, pause_collection="exclude") == exact


@pytest.mark.parametrize(
    ("duration", "forever", "recurring", "all_"),
    [("forever", 1000, 1000, 1000), ("repeating", 2000, 1000, 1000), ("once", 2000, 2000, 1000)],
)
def test_the_discounts_that_are_subtracted_can_be_chosen(duration, forever, recurring, all_):
    half = coupon(percent_off=50, duration=duration)
    held = subscription(discounts=[discount(coupon=half)])

    assert usd(held, discounts="forever") == str(forever)
    assert usd(held, discounts="recurring") == str(recurring)
    assert usd(held, discounts="all") == str(all_)


def ends_by_schedule(status="active", end_behavior="cancel"):
    schedule = {"id": "sub_sched_1", "object": "subscription_schedule", "status": status}
    about = {"customer": "cus_ana", "end_behavior": end_behavior, "phases": []}
    return event("subscription_schedule.updated", {**schedule, **about})


@pytest.mark.parametrize(
    ("more", "schedule", "committed"),
    [
        ({"cancel_at_period_end": True}, [], "0"),
        ({"cancel_at": START + 9}, [], "0"),
        ({"schedule": "sub_sched_1"}, [ends_by_schedule()], "0"),
        ({"schedule": "sub_sched_1"}, [ends_by_schedule(end_behavior="release")], "2000"),
        ({"schedule": "sub_sched_1"}, [ends_by_schedule("released")], "2000"),
    ],
)
def test_committed_mrr_leaves_out_what_has_a_scheduled_end(more, schedule, committed):
    row = state(subscription(**more), *schedule)
    figure = usd(subscription(**more), *schedule, figure="committed_mrr")

    assert (row.mrr["usd"].exact, row.committed_mrr["usd"].exact) == ("2000", committed)
    assert figure == committed


@pytest.mark.parametrize(
    ("text", "exact"), [("4999", "4999"), ("12.5", "25/2"), ("0", "0"), (" 7 ", "7")]
)
def test_a_figure_of_your_own_is_read_from_metadata(text, exact):
    held = subscription(metadata={"mrr_minor": text}, items=[item(price=price(None))])

    assert usd(held, figure="metadata:mrr_minor") == exact


@pytest.mark.parametrize("text", ["", "x", "-5", "1e3", "1.", ".5", "1,000", "٣", "9" * 25])
def test_metadata_without_a_number_are_pending(text):
    held = subscription(metadata={"mrr_minor": text})
    trial = subscription(status="trialing", metadata={"mrr_minor": text})
    figure = "metadata:mrr_minor"

    assert [each.reason for each in state(held, figure=figure).pending] == ["metadata"]
    assert usd(trial, figure=figure) == "0"


INCLUSIVE = {"percentage": 20, "inclusive": True}
EXCLUSIVE = {"percentage": 20, "inclusive": False}


@pytest.mark.parametrize(
    ("of_item", "of_subscription", "exact"),
    [
        ([], [INCLUSIVE], "5000/3"),
        ([INCLUSIVE], [], "5000/3"),
        ([EXCLUSIVE], [INCLUSIVE], "2000"),
        ([INCLUSIVE, INCLUSIVE], [], "10000/7"),
    ],
)
def test_inclusive_tax_is_taken_out_by_the_items_rates_or_else_the_subscriptions(
    of_item, of_subscription, exact
):
    held = subscription(items=[item(tax_rates=of_item)], default_tax_rates=of_subscription)

    assert usd(held) == exact


def two_products(**more):
    return subscription(items=[item(), item("si_2", price=price(product="prod_B"))], **more)


HIDDEN = coupon(percent_off=10)
WHOLE = coupon(percent_off=10, applies_to=None)
EUROS = coupon(amount_off=500, currency="eur")
REPEATING = coupon(percent_off=10, duration="repeating")
YEARLY = [item(price=price(recurring={"interval": "year"}))]
HELD_ITEM = item("si_1", discounts=[discount(coupon=HIDDEN)])


@pytest.mark.parametrize(
    ("thing", "caveats"),
    [
        (subscription(), ()),
        (subscription(items=[item(price=price(tax_behavior="inclusive"))]), ("inclusive_tax",)),
        (
            subscription(
                items=[item(price=price(tax_behavior="inclusive"))], default_tax_rates=[INCLUSIVE]
            ),
            (),
        ),
        (subscription(items=[item(current_trial={"end_date": START + 9})]), ("trial_offer",)),
        (subscription(items=[item(current_trial={"end_date": START})]), ()),
        (two_products(discounts=[discount(coupon=HIDDEN)]), ("coupon_products",)),
        (two_products(discounts=[discount(coupon=WHOLE)]), ()),
        (subscription(discounts=[discount(coupon=HIDDEN)]), ()),
        (subscription(items=[HELD_ITEM, item("si_2", price=price(product="prod_B"))]), ()),
        (subscription(items=YEARLY, discounts=[discount(coupon=WHOLE)]), ()),
        (subscription(discounts=[discount(coupon=REPEATING)]), ()),
        (subscription(discounts=[discount(coupon=EUROS)]), ("coupon_currency",)),
        (
            subscription(items=YEARLY, discounts=[discount(coupon=REPEATING)]),
            ("repeating_discount",),
        ),
        (subscription(pause_collection={"behavior": "void"}), ("collection_paused",)),
        (subscription(items=DAILY), ("week_or_day",)),
        (subscription(status="trialing", items=DAILY), ()),
    ],
)
def test_what_may_differ_from_stripes_figure_is_said(thing, caveats):
    assert state(thing).subscriptions[0].caveats == caveats


@pytest.mark.parametrize("word", [*PENDING, *CAVEATS])
def test_every_word_has_its_line_in_the_docs(word):
    assert f"`{word}`" in DOCS
