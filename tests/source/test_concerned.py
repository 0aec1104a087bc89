"""Who is asked for what, and when again: never round in circles."""

from __future__ import annotations

from build import START, SUBJECT, item, price, subscription, updated
from build import fetched as fetch
from scenario import given
from streams.source.concerned import Concerned
from streams.source.wanted import Object

PRICE = Object("price", "price_T")
TIERED = price(None, id="price_T", billing_scheme="tiered", tiers_mode="volume")
TIERS = [{"up_to": None, "unit_amount": 100, "unit_amount_decimal": "100", "flat_amount": None}]


def lacking_at(at):
    thing = subscription(currency="usd", items=[item(price=TIERED)])
    return given().when(updated(thing, at=at)).state


def whole():
    thing = subscription(currency="usd", items=[item(price=TIERED)])
    return given(updated(thing)).when(fetch(TIERED | {"tiers": TIERS}, "enrichment")).state


def noted(row):
    concerned = Concerned()
    concerned.note(SUBJECT, row)
    return concerned


def test_what_is_lacking_is_due_until_it_is_answered():
    concerned = noted(lacking_at(START))
    assert concerned.due() == concerned.due() == {SUBJECT: [PRICE]}

    concerned.answered(SUBJECT, PRICE, START + 5)

    assert concerned.due() == {}


def test_an_answer_that_did_not_help_is_asked_for_again_only_by_a_newer_row():
    concerned = noted(lacking_at(START))
    concerned.answered(SUBJECT, PRICE, START + 5)

    concerned.note(SUBJECT, lacking_at(START + 5))
    assert concerned.due() == {}
    concerned.note(SUBJECT, lacking_at(START + 6))
    assert concerned.due() == {SUBJECT: [PRICE]}


def test_a_row_that_lives_ahead_of_us_by_a_test_clock_does_not_go_round_in_circles():
    concerned = noted(lacking_at(START + 10**7))
    concerned.answered(SUBJECT, PRICE, START)

    concerned.note(SUBJECT, lacking_at(START + 10**7))

    assert concerned.due() == {}


def test_what_is_not_to_be_had_is_asked_for_again_when_it_changes_or_was_not_wanted_between():
    concerned = noted(lacking_at(START))
    concerned.answered(SUBJECT, PRICE, None)
    concerned.note(SUBJECT, lacking_at(START + 99))
    assert (concerned.due(), concerned.in_vain()) == ({}, 1)

    concerned.changed(PRICE)
    assert concerned.due() == {SUBJECT: [PRICE]}

    concerned.answered(SUBJECT, PRICE, None)
    concerned.note(SUBJECT, whole())
    assert (concerned.due(), concerned.in_vain()) == ({}, 0)
    concerned.note(SUBJECT, lacking_at(START))
    assert concerned.due() == {SUBJECT: [PRICE]}


def test_users_of_an_object_come_and_go_with_their_rows():
    concerned = noted(whole())
    assert concerned.users(PRICE) == [SUBJECT]

    concerned.note(SUBJECT, None)

    assert concerned.users(PRICE) == []
    assert list(concerned.wanting()) == []
