from __future__ import annotations

import pytest

from build import START, item, price, subscription, updated
from scenario import given
from schemas.updates import MrrChanged


def mrr(*items, **more):
    seen = given().when(updated(subscription(items=list(items), **more)))
    return {code: amount.exact for code, amount in seen.state.mrr.items()}


def every(interval, count=1, amount=120_000):
    return price(amount, recurring={"interval": interval, "interval_count": count})


@pytest.mark.parametrize(
    ("interval", "count", "amount", "exact"),
    [
        ("month", 1, 5000, "5000"),
        ("year", 1, 120_000, "10000"),
        ("month", 3, 9000, "3000"),
        ("year", 2, 24_000, "1000"),
        ("year", 1, 200_000, "50000/3"),
        ("week", 1, 500, "6500/3"),
        ("week", 2, 10_000, "65000/3"),
        ("day", 1, 100, "9125/3"),
        ("day", 30, 2900, "52925/18"),
    ],
)
def test_a_period_is_spread_over_a_month_exactly(interval, count, amount, exact):
    assert mrr(item(price=every(interval, count, amount))) == {"usd": exact}


@pytest.mark.parametrize(
    ("quantity", "transform", "exact"),
    [
        (5, None, "5000"),
        (0, None, "0"),
        (None, None, "1000"),
        (12, {"divide_by": 5, "round": "up"}, "3000"),
        (12, {"divide_by": 5, "round": "down"}, "2000"),
    ],
)
def test_quantity_counts_after_its_transformation(quantity, transform, exact):
    terms = price(1000, transform_quantity=transform)

    assert mrr(item(price=terms, quantity=quantity)) == {"usd": exact}


def test_decimal_amounts_stay_exact():
    terms = price(None, unit_amount_decimal="12.345")

    assert mrr(item(price=terms, quantity=3)) == {"usd": "7407/200"}


def test_items_are_spread_each_by_its_own_interval():
    assert mrr(item("si_1", price=price(2000)), item("si_2", price=every("year", 1, 12_000))) == {
        "usd": "3000"
    }


def test_metered_and_one_time_prices_are_no_recurring_revenue():
    metered = price(10, recurring={"usage_type": "metered"})
    once = {**price(5000), "recurring": None, "type": "one_time"}

    assert mrr(
        item("si_1", price=price(2000)), item("si_2", price=metered), item("si_3", price=once)
    ) == {"usd": "2000"}


@pytest.mark.parametrize(
    "status",
    ["trialing", "unpaid", "incomplete", "incomplete_expired", "canceled", "paused", "new_word"],
)
def test_only_active_and_past_due_are_counted(status):
    assert mrr(item(), status=status) == {"usd": "0"}
    assert mrr(item(), status="past_due") == {"usd": "2000"}


def coupon(id_="di_1", **terms):
    return {"id": id_, "coupon": {"id": f"C_{id_}", "duration": "forever", **terms}, "end": None}


@pytest.mark.parametrize(
    ("discounts", "exact"),
    [
        ([coupon(percent_off=20)], "8000"),
        ([coupon(percent_off=33.33)], "6667"),
        ([coupon(amount_off=500, currency="usd")], "9500"),
        ([coupon(amount_off=500, currency="eur")], "10000"),
        ([coupon(amount_off=99_999, currency="usd")], "0"),
        ([coupon(percent_off=20), coupon("di_2", amount_off=500, currency="usd")], "7500"),
        ([coupon(amount_off=500, currency="usd"), coupon("di_2", percent_off=20)], "7600"),
        ([coupon(percent_off=50, duration="once")], "10000"),
        ([coupon(percent_off=25, duration="repeating") | {"end": START + 1}], "7500"),
        ([coupon(percent_off=25, duration="repeating") | {"end": START}], "10000"),
        ([coupon(percent_off=25, applies_to={"products": ["prod_B"]})], "10000"),
        ([coupon(percent_off=25, applies_to={"products": ["prod_A"]})], "7500"),
    ],
)
def test_discounts_are_subtracted_in_their_order(discounts, exact):
    assert mrr(item(price=price(10_000)), discounts=discounts) == {"usd": exact}


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (subscription(items=[item(price=price(None, billing_scheme="tiered"))]), "tiers"),
        (subscription(discounts=["di_1"]), "coupon"),
        (subscription(items=[item(discounts=["di_1"])]), "coupon"),
        (subscription() | {"items": {"data": [item()], "has_more": True}}, "items"),
        (subscription(items=[item(price=every("fortnight"))]), "interval"),
        (subscription(items=[item() | {"price": None}]), "price"),
        (subscription(items=[item(price=price(currency=None))]), "currency"),
        (subscription(items=[item(price=price(None))]), "unit_amount"),
        (subscription(currency="eur"), "currency_options"),
        (subscription(items=[item(), item("si_2", price=price(currency="eur"))]), "currency"),
    ],
)
def test_what_is_missing_makes_mrr_pending_and_never_zero(thing, reason):
    seen = given().when(updated(thing))

    assert [(each.subscription, each.reason) for each in seen.state.pending] == [
        (thing["id"], reason)
    ]
    assert seen.state.subscriptions[0].mrr is None
    assert seen.state.mrr == seen.state.committed_mrr == {}
    assert seen.told(MrrChanged) == []


def test_the_answer_to_what_was_missing_gives_one_movement():
    seen = given(updated(subscription(discounts=["di_1"]))).when(
        updated(subscription(discounts=[coupon(percent_off=50)]), at=START + 1)
    )
    [change] = seen.told(MrrChanged)

    assert (change.movement, change.delta["usd"].amount_minor) == ("new", 1000)


def test_currencies_are_kept_apart():
    seen = given(updated(subscription("sub_1"))).when(
        updated(subscription("sub_2", items=[item(price=price(3000, currency="eur"))]))
    )

    assert {code: amount.amount_minor for code, amount in seen.state.mrr.items()} == {
        "eur": 3000,
        "usd": 2000,
    }


def test_committed_mrr_leaves_out_what_has_a_scheduled_end():
    leaving = subscription("sub_1", cancel_at=START + 100)
    seen = given(updated(leaving)).when(updated(subscription("sub_2")))

    assert seen.state.mrr["usd"].amount_minor == 4000
    assert seen.state.committed_mrr["usd"].amount_minor == 2000


def test_before_basil_a_discount_comes_whole_and_as_an_id_at_once():
    whole = coupon(percent_off=25)

    assert mrr(item(), discount=whole, discounts=["di_1"]) == {"usd": "1500"}
    assert mrr(item(), discount=whole, discounts=[]) == {"usd": "1500"}


def test_a_paying_subscription_without_items_is_pending_and_no_churn():
    bare = subscription() | {"items": None}
    seen = given(updated(subscription(), at=START)).when(updated(bare, at=START + 1))

    assert [each.reason for each in seen.state.pending] == ["items"]
    assert seen.told(MrrChanged) == []


def test_a_subscription_with_nothing_but_a_plan_at_the_top_counts():
    plan = {"id": "plan_1", "amount": 900, "currency": "usd", "interval": "month"}
    old = subscription() | {"items": {"data": []}, "plan": plan, "quantity": 2}

    assert given().when(updated(old)).state.mrr["usd"].exact == "1800"


@pytest.mark.parametrize(("extra", "reason"), [(-1, None), (0, "amount_range")])
def test_an_amount_that_nobody_pays_is_pending(extra, reason):
    terms = price(10**15 + extra)
    seen = given().when(updated(subscription(items=[item(price=terms)])))

    assert [each.reason for each in seen.state.pending] == ([reason] if reason else [])
    assert bool(seen.state.mrr) == (reason is None)
