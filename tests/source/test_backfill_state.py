"""How far a back-fill says that it is."""

from __future__ import annotations

import pytest

from streams.source.backfill import BackfillState, Reached
from streams.source.lists import LISTS

DONE = {each.name: Reached(is_done=True, objects=200) for each in LISTS}


def state(**lists):
    return BackfillState(started_at=100, began_at=0, history_since=1, lists=DONE | lists)


def test_cards_count_by_customers_and_as_the_long_list_that_they_are():
    cards = Reached(customers=100, cursor="cus_1", created=99)

    assert state(payment_methods=Reached()).progress == pytest.approx(0.25)
    assert state(payment_methods=cards).progress == pytest.approx(0.25 + 0.75 / 2)


def test_what_may_not_be_read_holds_nothing_up():
    told = state(payment_methods=Reached(refused="the API key may not do this"))

    assert told.progress == pytest.approx(1.0)
    assert list(told.refused) == ["payment_methods"]


def test_what_is_done_again_stays_whole_meanwhile():
    again = state(customers=Reached(), payment_methods=Reached())

    assert again.share < 1
    assert again.model_copy(update={"whole_since": 50}).share == pytest.approx(1.0)
    assert again.model_copy(update={"whole_since": 50}).progress < 1
