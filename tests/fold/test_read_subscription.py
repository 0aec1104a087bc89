"""Every field that is kept of a subscription and its items, and what it shows of others."""

from __future__ import annotations

import pytest

from build import ANA, START, coupon, discount, item, plan, price, subscription
from schemas import objects as ours
from streams.fold.event_types import Effect
from streams.fold.shapes import read_things


def read(thing, *, is_deleted=False):
    return read_things(Effect.SUBSCRIPTION, thing, ANA, is_deleted=is_deleted)


TOP = {
    "currency": "USD",
    "start_date": START + 1,
    "trial_end": START + 2,
    "cancel_at": START + 3,
    "cancel_at_period_end": True,
    "canceled_at": START + 4,
    "cancellation_details": {"reason": "payment_failed", "feedback": "unused"},
    "ended_at": START + 5,
    "pause_collection": {"behavior": "void", "resumes_at": START + 6},
    "status_details": {
        "paused": {"transitioned_at": START + 7, "subscription": {"type": "pause_requested"}}
    },
    "current_period_end": START + 8,
    "schedule": "sub_sched_1",
    "latest_invoice": "in_1",
    "metadata": {"a": "b"},
    "default_tax_rates": [{"inclusive": True, "percentage": 7.5}],
}


def test_a_subscription_is_read_whole():
    nothing = {"object": "list", "data": [], "has_more": True}
    [seen] = read(subscription(**TOP) | {"items": nothing})

    assert seen == ours.Subscription(
        id="sub_basic",
        status="active",
        created_at=START,
        start_date=START + 1,
        currency="usd",
        trial_end=START + 2,
        cancel_at=START + 3,
        cancel_at_period_end=True,
        canceled_at=START + 4,
        cancel_reason="payment_failed",
        cancel_feedback="unused",
        ended_at=START + 5,
        collection_pause="void",
        collection_resumes_at=START + 6,
        pause_reason="pause_requested",
        paused_at=START + 7,
        current_period_end=START + 8,
        has_more_items=True,
        tax_included=("7.5",),
        schedule="sub_sched_1",
        latest_invoice="in_1",
        metadata={"a": "b"},
    )


def test_a_subscription_may_say_no_more_than_its_id_and_status():
    [seen] = read({"id": "sub_1", "status": "active"})

    assert seen == ours.Subscription(id="sub_1", status="active")


@pytest.mark.parametrize(
    ("status", "after"), [("active", "canceled"), ("incomplete_expired", "incomplete_expired")]
)
def test_a_subscription_has_ended_when_its_event_says_so(status, after):
    [seen] = read(subscription(status=status), is_deleted=True)

    assert seen.status == after


def test_an_item_is_read_whole():
    recurring = {"interval": "week", "interval_count": 2, "usage_type": "metered"}
    terms = price(
        500,
        currency="EUR",
        nickname="Pro",
        recurring=recurring,
        billing_scheme="tiered",
        transform_quantity={"divide_by": 3, "round": "up"},
        tax_behavior="inclusive",
    )
    rates = [
        {"inclusive": True, "percentage": 20},
        {"inclusive": False, "percentage": 5},
        {"inclusive": True},
        "txr_1",
    ]
    trial = {"end_date": START + 3}
    thing = item("si_1", quantity=4, price=terms, tax_rates=rates, current_trial=trial)
    [seen] = read(subscription(items=[thing]))

    assert seen.items == (
        ours.Item(
            id="si_1",
            price="price_1",
            product="prod_A",
            nickname="Pro",
            currency="eur",
            quantity=4,
            unit_amount="500",
            interval="week",
            interval_count=2,
            billing_scheme="tiered",
            usage_type="metered",
            divide_by=3,
            round_up=True,
            tax_behavior="inclusive",
            tax_included=("20",),
            trial_end=START + 3,
            current_period_end=thing["current_period_end"],
        ),
    )


def test_an_item_may_have_a_plan_and_no_price():
    [seen] = read(subscription(items=[{"id": "si_1", "plan": plan()}]))

    assert seen.items == (
        ours.Item(
            id="si_1",
            price="plan_1",
            product="prod_A",
            currency="usd",
            unit_amount="900",
            interval="year",
        ),
    )


def test_an_item_of_a_one_time_price_rounds_nothing_and_recurs_never():
    once = {"id": "price_1", "unit_amount": 5, "currency": None}
    down = {"transform_quantity": {"divide_by": 3, "round": "down"}}
    bare = subscription(items=[{"id": "si_1", "price": once | down}])
    [seen] = read(bare)

    assert seen.items == (ours.Item(id="si_1", price="price_1", unit_amount="5", divide_by=3),)


def test_a_very_old_subscription_has_one_item_of_its_own_id():
    old = subscription(start=START - 9, plan=plan(), quantity=2) | {"items": None}
    [seen] = read(old)

    assert [(each.id, each.quantity, each.price) for each in seen.items] == [
        ("sub_basic", 2, "plan_1")
    ]
    assert seen.start_date == START - 9
    assert not seen.has_more_items


def test_of_periods_that_differ_the_first_to_end_is_the_subscriptions():
    items = [item("si_1", current_period_end=START + 9), item("si_2", current_period_end=START + 5)]
    [seen] = read(subscription(items=items, current_period_end=START))

    assert seen.current_period_end == START + 5


def test_prices_are_read_from_a_subscription_where_it_shows_what_only_asking_shows():
    tiered = price(None, tiers=[{"up_to": None, "unit_amount": 1}]) | {"id": "price_T"}
    priced = price(currency_options={"eur": {"unit_amount": 9}}) | {"id": "price_O"}
    things = [item("si_1", price=tiered), item("si_2", price=priced), item("si_3")]
    things.append({"id": "si_4"})
    _, *shown = read(subscription(items=things))

    assert [each.id for each in shown] == ["price_T", "price_O"]


@pytest.mark.parametrize(
    ("owner", "is_shown"),
    [
        ({"id": ANA, "created": START}, True),
        ({"id": ANA, "discount": None}, True),
        ({"id": ANA, "object": "customer"}, False),
        (ANA, False),
    ],
)
def test_a_subscription_shows_its_customer_only_where_that_came_whole(owner, is_shown):
    _, *shown = read(subscription(customer=owner), is_deleted=True)

    assert [(each.id, each.deleted) for each in shown] == [(ANA, False)] * is_shown


def test_a_discount_without_an_id_is_named_by_its_holder_as_it_is_kept():
    bare = discount(None, coupon=coupon("TEN"))
    held = subscription(discounts=[bare], items=[item("si_1", discounts=[bare])])
    seen, own, _, of_item, _ = read(held)

    assert seen.discounts == (own.id,) == ("sub_basic/TEN/0",)
    assert seen.items[0].discounts == (of_item.id,) == ("si_1/TEN/0",)
    assert (own.subscription, own.item) == ("sub_basic", None)
    assert (of_item.subscription, of_item.item) == ("sub_basic", "si_1")


def test_of_several_discounts_that_one_is_whole_which_is_shown_whole():
    whole = discount("di_2", coupon=coupon("TEN"))
    seen, shown, _ = read(subscription(discount=whole, discounts=["di_1", "di_2", "di_3"]))

    assert seen.discounts == ("di_1", "di_2", "di_3")
    assert shown.id == "di_2"
