"""Movements at the edges: nothing moves in sum, two currencies, one second, no room."""

from __future__ import annotations

import pytest

from build import (
    START,
    coupon,
    customer,
    deleted,
    discount,
    fetched,
    item,
    price,
    subscription,
    updated,
)
from scenario import given
from schemas.settings import Business, BusinessSettings
from schemas.updates import MrrChanged
from streams.fold import bounds

CONNECTED = START + 500
OLD = {"created": START - 100, "start_date": START - 100}


def told(seen):
    return [
        (each.movement, {code: amount.exact for code, amount in each.delta.items()})
        for each in seen.told(MrrChanged)
    ]


def test_an_opening_that_another_change_outweighs_is_told_with_it():
    """A fetched subscription shows its customer, whose discount halves what both are worth."""
    half = discount(coupon=coupon(percent_off=50))
    shown = subscription("sub_2", **OLD, items=[item("si_2")], customer=customer(discount=half))
    seen = given(updated(subscription("sub_1"))).when(
        fetched(shown, at=CONNECTED, connected_at=CONNECTED)
    )

    assert told(seen) == [("opening", {"usd": "1000"}), ("contraction", {"usd": "-1000"})]


def test_what_one_subscription_gains_and_another_loses_in_one_record_is_no_movement():
    own = customer(discount=discount(coupon=coupon(percent_off=50)))
    grown = subscription("sub_2", items=[item("si_2", price=price(6000))], customer=own)
    seen = given(updated(subscription("sub_1")), updated(subscription("sub_2"))).when(
        updated(grown, at=START + 1)
    )

    assert told(seen) == []
    assert seen.state.mrr["usd"].exact == "4000"


def two_currencies(dollars, euros, at):
    return [
        updated(subscription("sub_1", items=[item(price=price(dollars))]), at=at),
        updated(subscription("sub_2", items=[item(price=price(euros, currency="eur"))]), at=at),
    ]


@pytest.mark.parametrize(
    ("dollars", "movement"),
    [(4000, "contraction"), (3998, "contraction"), (4002, "currency_change")],
)
def test_of_two_currencies_none_may_rise_for_a_contraction(dollars, movement):
    own = customer(discount=discount(coupon=coupon(percent_off=50)))
    grown = subscription("sub_1", items=[item(price=price(dollars))], customer=own)
    seen = given(*two_currencies(2000, 3000, START)).when(updated(grown, at=START + 1))

    assert [each[0] for each in told(seen)] == [movement]


def test_who_churned_in_this_very_second_comes_back():
    """By its list price the second one is free, so it does not go on from the first."""
    rules = BusinessSettings(business=Business(mrr="metadata:worth"))
    ended = subscription("sub_1", "canceled", **OLD, ended_at=CONNECTED, canceled_at=CONNECTED)
    free = subscription("sub_2", items=[item(price=price(0))], metadata={"worth": "5"})
    seen = given(fetched(ended, at=CONNECTED), settings=rules).when(updated(free, at=CONNECTED))

    assert told(seen) == [("reactivation", {"usd": "5"})]


def test_the_end_of_a_subscription_is_told_though_there_is_no_room_to_keep_it(monkeypatch):
    monkeypatch.setattr(bounds, "ENDED_BYTES_MAX", 0)
    seen = given(updated(subscription("sub_1"))).when(
        deleted(subscription("sub_1", "canceled", ended_at=START + 1), at=START + 1)
    )
    [update] = seen.told(MrrChanged)

    assert seen.row.facts.subscriptions == {}
    assert told(seen) == [("churn", {"usd": "-2000"})]
    assert (update.subscription, update.items) == ("sub_1", ("si_1",))
