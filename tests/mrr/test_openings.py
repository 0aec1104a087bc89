"""What was there before the source was connected is no growth, whenever it becomes known."""

from __future__ import annotations

import pytest

import build
from build import START, coupon, deleted, discount, fetched, item, price, subscription, updated
from scenario import given
from schemas.updates import MrrChanged

CONNECTED = START + 500
OLD = {"created": START - 100, "start_date": START - 100}
YOUNG = {"created": CONNECTED, "start_date": CONNECTED}
TIERED = price(None, billing_scheme="tiered", tiers_mode="volume")
TIERS = {**TIERED, "tiers": [{"up_to": None, "unit_amount": 700}]}


def filled(thing, kind="back_fill", at=CONNECTED):
    return fetched(thing, kind, at=at, connected_at=CONNECTED)


def told(seen):
    return [
        (each.movement, each.delta["usd"].exact, each.effective_at)
        for each in seen.told(MrrChanged)
    ]


@pytest.mark.parametrize("kind", ["back_fill", "repair"])
def test_what_began_before_the_connection_opens_at_its_start(kind):
    seen = given().when(filled(subscription(**OLD), kind))

    assert told(seen) == [("opening", "2000", "2027-01-15T07:58:20Z")]


def test_after_a_trial_it_opens_at_the_end_of_the_trial():
    seen = given().when(filled(subscription(**OLD, trial_end=START)))

    assert told(seen) == [("opening", "2000", "2027-01-15T08:00:00Z")]


def test_what_began_after_the_connection_is_new():
    seen = given().when(filled(subscription(**YOUNG), "repair"))

    assert [each[0] for each in told(seen)] == ["new"]


def test_what_a_repair_finds_of_a_known_subscription_is_a_movement():
    seen = given(filled(subscription(**OLD))).when(
        filled(subscription(**OLD, items=[item(quantity=2)]), "repair", CONNECTED + 9)
    )

    assert [each[:2] for each in told(seen)] == [("expansion", "2000")]


def test_a_subscription_that_was_pending_opens_when_its_tiers_are_known():
    seen = given(filled(subscription(**OLD, items=[item(price=TIERED)]))).when(
        filled(TIERS, "enrichment", CONNECTED + 9)
    )

    assert told(seen) == [("opening", "700", "2027-01-15T07:58:20Z")]


def test_all_that_was_held_up_by_a_pending_one_opens_with_it():
    pending = subscription("sub_2", **OLD, items=[item("si_2", price=TIERED)])
    seen = given(filled(pending), filled(subscription("sub_1", **OLD))).when(
        filled(TIERS, "enrichment", CONNECTED + 9)
    )
    [update] = seen.told(MrrChanged)

    assert told(seen) == [("opening", "2700", "2027-01-15T07:58:20Z")]
    assert (update.subscription, update.items) == (None, ("si_1", "si_2"))


def test_an_opening_comes_before_the_rest_of_the_same_record():
    before = updated(subscription("sub_1", **YOUNG, items=[item(quantity=3)]), at=CONNECTED)
    pending = filled(subscription("sub_2", **OLD, items=[item("si_2", price=TIERED)]))
    less = updated(subscription("sub_1", **YOUNG), at=CONNECTED + 1)
    seen = given(before, pending, less).when(filled(TIERS, "enrichment", CONNECTED + 9))
    opening, rest = seen.told(MrrChanged)

    assert [each[:2] for each in told(seen)] == [("opening", "700"), ("contraction", "-4000")]
    assert [opening.index, rest.index] == [0, 1]
    assert (opening.subscription, rest.subscription) == ("sub_2", "sub_1")
    assert (opening.before["usd"].exact, opening.after["usd"].exact) == ("6000", "6700")
    assert (rest.before, rest.after["usd"].exact) == (opening.after, "2700")


def test_what_comes_back_after_an_opening_is_a_reactivation():
    seen = given(
        filled(subscription("sub_1", **OLD)),
        deleted(subscription("sub_1", "canceled", **OLD), at=CONNECTED + 1),
    ).when(updated(subscription("sub_2"), at=CONNECTED + 2))

    assert [each[0] for each in told(seen)] == ["reactivation"]


def test_who_is_known_to_have_churned_before_comes_back_though_nothing_was_told():
    ended = subscription("sub_1", "canceled", **OLD, ended_at=START, canceled_at=START)
    seen = given(filled(ended)).when(updated(subscription("sub_2", **YOUNG), at=CONNECTED))

    assert [each[0] for each in told(seen)] == ["reactivation"]


def test_a_change_for_several_subscriptions_names_none_and_all_their_items():
    own = discount(coupon=coupon(percent_off=10))
    history = [
        updated(subscription("sub_1")),
        updated(subscription("sub_2", items=[item("si_2")])),
    ]
    gift = fetched(
        {"id": "cus_ana", "object": "customer", "created": START, "discount": own}, at=START + 1
    )
    [update] = given(*history).when(gift).told(MrrChanged)

    assert (update.movement, update.delta["usd"].exact) == ("contraction", "-400")
    assert (update.subscription, update.items) == (None, ("si_1", "si_2"))


def test_only_the_items_whose_amounts_changed_are_named():
    two = [item("si_1"), item("si_2", price=price(1000))]
    more = [item("si_1"), item("si_2", price=price(1000), quantity=2)]
    [update] = (
        given(updated(subscription(items=two)))
        .when(updated(subscription(items=more), at=START + 1))
        .told(MrrChanged)
    )

    assert update.items == ("si_2",)


def test_moving_to_another_currency_moves_no_logo():
    euros = subscription(items=[item(price=price(1800, currency="eur"))])
    [update] = given(updated(subscription())).when(updated(euros, at=START + 1)).told(MrrChanged)

    assert update.movement == "currency_change"
    assert {code: amount.exact for code, amount in update.delta.items()} == {
        "eur": "1800",
        "usd": "-2000",
    }


def test_while_anything_is_pending_nothing_is_told_and_the_last_amount_stays():
    first = given(updated(subscription("sub_1")))
    pending = first.when(updated(subscription("sub_2", items=[item(price=TIERED)]), at=START + 1))
    more = first.when(updated(subscription("sub_1", items=[item(quantity=2)]), at=START + 2))
    answer = first.when(fetched(TIERS, "enrichment", at=START + 3, connected_at=START))
    [update] = answer.told(MrrChanged)

    assert (pending.told(MrrChanged), more.told(MrrChanged)) == ([], [])
    assert (update.movement, update.delta["usd"].exact) == ("expansion", "2700")


@pytest.mark.parametrize(
    ("kind", "movement"), [("back_fill", "opening"), ("repair", "opening"), ("enrichment", "new")]
)
def test_without_a_word_of_the_connection_only_an_enrichment_is_no_opening(kind, movement):
    row = build.fetched(subscription(), kind, at=START + 3, connected_at=None)
    [change] = given().when(row).told(MrrChanged)

    assert change.movement == movement
