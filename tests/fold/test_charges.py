"""What an ended subscription is charged of the room that all of them share."""

from __future__ import annotations

import pytest

from build import START
from facts import sub, version
from schemas.rows import SubscriptionFacts
from streams.fold.bounds import HISTORY_MONTHS_MAX, LIFE_BYTES_PER_MONTH, MONTH_S, charge_of


def ended(lasted_s, *, created_at=START):
    now = sub(status="canceled", created_at=created_at, ended_at=created_at + lasted_s)
    return SubscriptionFacts(versions=(version(now),), weight=1_000)


@pytest.mark.parametrize(
    ("lasted_s", "months"),
    [
        (-MONTH_S, 1),
        (0, 1),
        (MONTH_S - 1, 1),
        (MONTH_S, 2),
        (HISTORY_MONTHS_MAX * MONTH_S - 1, HISTORY_MONTHS_MAX),
        (HISTORY_MONTHS_MAX * MONTH_S, HISTORY_MONTHS_MAX),
    ],
)
def test_it_is_charged_its_largest_sighting_and_each_month_that_it_lasted(lasted_s, months):
    assert charge_of(ended(lasted_s)) == 1_000 + months * LIFE_BYTES_PER_MONTH


def test_of_one_that_does_not_say_when_it_began_one_month_is_charged():
    assert charge_of(ended(START, created_at=0)) == 1_000 + LIFE_BYTES_PER_MONTH
