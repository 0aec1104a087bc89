"""What a row keeps of a subscription's life: months and newest days, whatever comes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from build import BASIC, START, subscription, updated
from scenario import given as folded
from streams.fold.evolve import DAY_S, HISTORY_DAYS_MAX, _history

STATUSES = st.sampled_from(["active", "past_due", "unpaid"])
SIGHTINGS = st.lists(
    st.tuples(st.integers(0, 200 * DAY_S), STATUSES, st.booleans()), min_size=1, max_size=120
)


def kept(sightings):
    history = ()
    for each in sightings:
        history = _history((*history, each))
    return history


@given(SIGHTINGS, st.randoms(use_true_random=False))
def test_any_order_of_sightings_keeps_the_same(sightings, chance):
    shuffled = list(sightings)
    chance.shuffle(shuffled)

    assert kept(shuffled) == kept(sightings) == _history(sightings)


def test_every_day_is_there_while_they_are_few():
    days = [(number * DAY_S, "active", True) for number in range(HISTORY_DAYS_MAX)]

    assert list(kept(days[::-1])) == days


def test_who_recovers_within_a_month_has_done_so_since_then_however_often_it_is_seen_again():
    start = folded(
        updated(subscription(), at=START),
        updated(subscription(status="past_due"), at=START + 3 * DAY_S),
        updated(subscription(), at=START + 5 * DAY_S),
    )
    seen = start.when(*(updated(subscription(), at=START + day * DAY_S) for day in range(6, 29)))
    history = seen.row.facts.subscriptions[BASIC].history

    assert (START + 5 * DAY_S, "active", True) in history
