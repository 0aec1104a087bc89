"""Whose discount counts, from the events that tell of it in any order."""

from __future__ import annotations

import itertools

import pytest

from build import (
    BASIC,
    START,
    coupon,
    customer,
    deleted,
    discount,
    event,
    fetched,
    item,
    price,
    subscription,
    updated,
)
from scenario import given

TEN = coupon("TEN", percent_off=10)
HALF = coupon("HALF", percent_off=50)


def redeemed(what, thing, at=START, **more):
    return event(f"customer.discount.{what}", {**thing, **more}, at=at)


def mrr_after(*bodies):
    """What is told after these events, in whatever order they come."""
    found = {
        tuple((code, amount.exact) for code, amount in given().when(*order).state.mrr.items())
        for order in itertools.permutations(bodies)
    }
    [told] = found
    return dict(told)


def test_a_customers_discount_counts_where_the_subscription_has_none():
    own = updated(customer(discount=discount(coupon=TEN)))
    its = {"discounts": [discount("di_2", coupon=HALF, subscription=BASIC)]}

    assert mrr_after(own, updated(subscription())) == {"usd": "1800"}
    assert mrr_after(own, updated(subscription(**its))) == {"usd": "1000"}


def test_a_customers_discount_counts_again_where_the_subscriptions_has_ended():
    own = updated(customer(discount=discount(coupon=TEN)))
    its = {"discounts": [discount("di_2", coupon=HALF, subscription=BASIC, end=START)]}

    assert mrr_after(own, updated(subscription(**its))) == {"usd": "1800"}


def test_a_discount_of_the_subscription_that_came_after_its_event_counts():
    later = redeemed("created", discount(coupon=HALF, subscription=BASIC), at=START + 1)
    same = redeemed("created", discount(coupon=HALF, subscription=BASIC), at=START)

    assert mrr_after(updated(subscription()), later) == {"usd": "1000"}
    assert mrr_after(updated(subscription()), same) == {"usd": "2000"}


def test_a_discount_of_an_item_that_came_after_its_event_counts_for_it_alone():
    two = subscription(items=[item("si_1"), item("si_2", price=price(1000))])
    found = discount(coupon=HALF, subscription=BASIC, subscription_item="si_2")

    assert mrr_after(updated(two), redeemed("created", found, at=START + 1)) == {"usd": "2500"}


def test_a_discount_that_was_taken_away_does_not_count_though_a_snapshot_names_it():
    its = subscription(discounts=[discount(coupon=HALF)])
    gone = redeemed("deleted", discount(coupon=HALF, subscription=BASIC), at=START + 1)

    assert mrr_after(updated(its), gone) == {"usd": "2000"}


def test_a_customers_discount_that_was_taken_away_does_not_count():
    own = updated(customer(discount=discount(coupon=TEN)))
    gone = redeemed("deleted", discount(coupon=TEN), at=START + 1)

    assert mrr_after(own, updated(subscription()), gone) == {"usd": "2000"}


def test_a_customers_discount_gives_way_to_the_one_that_took_its_place():
    first = redeemed("created", discount(coupon=TEN), at=START)
    gone = redeemed("deleted", discount(coupon=TEN), at=START + 1)
    second = redeemed("created", discount("di_2", coupon=HALF), at=START + 1)

    assert mrr_after(updated(subscription()), first, gone, second) == {"usd": "1000"}


def test_a_newer_snapshot_of_the_customer_knows_better_than_an_older_discount():
    own = redeemed("created", discount(coupon=TEN), at=START)
    without = updated(customer(discount=None), at=START + 1)
    with_other = updated(customer(discount=discount("di_2", coupon=HALF)), at=START + 1)

    assert mrr_after(updated(subscription()), own) == {"usd": "1800"}
    assert mrr_after(updated(subscription()), own, without) == {"usd": "2000"}
    assert mrr_after(updated(subscription()), own, with_other) == {"usd": "1000"}


@pytest.mark.parametrize("holder", [customer, subscription])
def test_terms_that_nobody_showed_are_pending_until_they_are(holder):
    by_id = discount(source={"type": "coupon", "coupon": "TEN"})
    held = holder(discount=by_id) if holder is customer else holder(discounts=[by_id])
    asked = given(updated(held)).when(updated(subscription(**_own(held)), at=START + 1))
    answered = given(updated(held), updated(subscription(**_own(held)), at=START + 1)).when(
        fetched(TEN, "enrichment", at=START + 2)
    )

    assert [each.reason for each in asked.state.pending] == ["coupon"]
    assert answered.state.mrr["usd"].exact == "1800"


def _own(held):
    return {"discounts": held["discounts"]} if held["object"] == "subscription" else {}


def test_what_is_known_to_be_over_needs_no_terms():
    ended = discount(source={"type": "coupon", "coupon": "TEN"}, end=START)

    assert mrr_after(updated(subscription(discounts=[ended]))) == {"usd": "2000"}


def test_a_subscription_that_is_not_counted_is_never_pending():
    seen = given().when(updated(subscription(status="trialing", discounts=["di_1"])))

    assert (seen.state.pending, seen.state.mrr["usd"].exact) == ((), "0")


def test_an_amount_off_is_taken_of_the_items_it_is_for():
    off = coupon("C", amount_off=500, currency="usd", applies_to={"products": ["prod_B"]})
    yearly = price(12_000, product="prod_B", recurring={"interval": "year"})
    two = subscription(
        items=[item("si_1"), item("si_2", price=yearly)], discounts=[discount(coupon=off)]
    )

    assert mrr_after(updated(two)) == {"usd": "8875/3"}


def test_an_ended_customer_owes_nothing():
    own = updated(customer(discount=discount(coupon=TEN)))

    assert mrr_after(own, updated(subscription()), deleted(customer(), at=START + 1)) == {
        "usd": "0"
    }


def test_of_one_second_a_discount_counts_though_the_customers_snapshot_is_without_it():
    own = redeemed("created", discount(coupon=TEN), at=START)
    without = updated(customer(discount=None), at=START)

    assert mrr_after(updated(subscription()), own, without) == {"usd": "1800"}


def test_of_one_second_a_snapshot_knows_of_the_discount_that_was_taken_away():
    gone = redeemed("deleted", discount(coupon=TEN), at=START)
    other = updated(customer(discount=discount("di_2", coupon=HALF)), at=START)

    assert mrr_after(updated(subscription()), gone, other) == {"usd": "1000"}


def test_when_the_discount_that_replaced_another_is_taken_away_none_is_left():
    first = updated(customer(discount=discount(coupon=TEN)), at=START)
    second = redeemed("created", discount("di_2", coupon=HALF), at=START + 1)
    gone = redeemed("deleted", discount("di_2", coupon=HALF), at=START + 2)

    assert mrr_after(updated(subscription()), first, second, gone) == {"usd": "2000"}


def test_discounts_that_came_after_the_subscriptions_event_count_in_the_order_of_their_coming():
    off = coupon("OFF", amount_off=500, currency="usd")
    first = redeemed("created", discount("di_b", coupon=off, subscription=BASIC), at=START + 1)
    second = redeemed("created", discount("di_a", coupon=HALF, subscription=BASIC), at=START + 2)

    assert mrr_after(updated(subscription()), first, second) == {"usd": "750"}


def test_a_discount_that_was_taken_away_never_comes_back_under_its_id():
    gone = redeemed("deleted", discount(coupon=TEN), at=START)
    named = updated(customer(discount=discount(coupon=TEN)), at=START + 1)

    assert mrr_after(updated(subscription()), gone, named) == {"usd": "2000"}
