"""What `invoice.upcoming` shows: an invoice without an id, kept for its subscription."""

from __future__ import annotations

import itertools

import pytest

from build import BASIC, MONTH_S, START, deleted, event, invoice, subscription, upcoming, updated
from scenario import given
from schemas.codec import canonical
from schemas.objects import Upcoming
from streams.fold import bounds
from streams.pipeline import Outcome

END = START + MONTH_S


def told(thing, **more):
    return event("invoice.upcoming", thing, **more)


def kept(*bodies):
    row = given(*bodies).row
    assert row is not None
    return {id_: sightings[-1].snapshot for id_, sightings in row.facts.upcoming.items()}


@pytest.mark.parametrize(
    "names",
    [
        {"parent": {"subscription_details": {"subscription": BASIC}}},
        {"parent": {"subscription_details": {"subscription": {"id": BASIC}}}},
        {"parent": None, "subscription": BASIC},
        {"parent": None, "subscription": {"id": BASIC, "object": "subscription"}},
    ],
)
def test_it_is_kept_for_its_subscription_in_any_shape(names):
    thing = upcoming(amount=1500, next_payment_attempt=END + 3600) | names

    assert kept(told(thing)) == {
        BASIC: Upcoming(
            id=BASIC,
            currency="usd",
            amount_due=1500,
            period_end=END,
            next_attempt_at=END + 3600,
        )
    }


def test_one_of_no_subscription_is_folded_and_shows_nothing():
    seen = given().when(told(upcoming() | {"parent": None}))

    assert seen.outcome is Outcome.FOLDED
    assert seen.row.facts.upcoming == {}


def test_it_is_no_invoice_of_the_customer():
    seen = given(updated(subscription())).when(told(upcoming()))

    assert seen.row.facts.invoices == {}
    assert seen.state.payment is None


def test_the_last_one_counts_in_any_order():
    bodies = [told(upcoming(amount=n), at=START + n, id=f"evt_{n}") for n in range(3)]
    rows = [given(*order).row for order in itertools.permutations(bodies)]

    assert len({canonical(row.facts) for row in rows}) == 1
    assert kept(*bodies)[BASIC].amount_due == 2


def test_the_same_one_in_two_shapes_is_a_duplicate():
    new = told(upcoming(), id="evt_1")
    old = told(upcoming() | {"parent": None, "subscription": BASIC}, id="evt_1")

    assert given(new).when(old | {"api_version": "2020-08-27"}).outcome is Outcome.DUPLICATE


def test_of_more_subscriptions_than_fit_those_told_of_last_are_kept(monkeypatch):
    monkeypatch.setitem(bounds.KEPT_MAX, "upcoming", 2)
    bodies = [told(upcoming(f"sub_{n}"), at=START + n, id=f"evt_{n}") for n in range(4)]
    again = told(upcoming("sub_0"), at=START + 9, id="evt_9")
    rows = [given(*order).row for order in itertools.permutations([*bodies, again])]

    assert len({canonical(row.facts) for row in rows}) == 1
    assert set(rows[0].facts.upcoming) == {"sub_0", "sub_3"}


def test_an_end_before_it_comes_is_no_matter():
    ended = deleted(subscription(status="canceled", ended_at=START + 1), at=START + 1)

    assert given(told(upcoming())).when(ended).outcome is Outcome.FOLDED


@pytest.mark.parametrize(
    ("fields", "remaining"),
    [({}, 500), ({"amount_remaining": 300}, 300), ({"amount_remaining": 0}, 0)],
)
def test_an_invoice_says_why_it_was_made_and_what_is_still_to_be_paid(fields, remaining):
    thing = invoice(amount=700, amount_paid=200, billing_reason="subscription_cycle", **fields)
    [[seen]] = given(event("invoice.payment_failed", thing)).row.facts.invoices.values()

    assert seen.snapshot.billing_reason == "subscription_cycle"
    assert seen.snapshot.amount_remaining == remaining
