from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from build import START
from facts import entry, facts, sub
from projections.lifetime import lifetime_of


def life(*entries):
    found = lifetime_of(facts(*entries))
    times = (found.started_at, found.churned_at, found.reactivated_at)
    return tuple(
        None if it is None else it - START if isinstance(it, int) else [at - START for at in it]
        for it in times
    )


def paid(id_, begin, end=None, status="active"):
    """A subscription that was paid for from `begin` to `end`, or still is."""
    began, seen = START + begin, [(START + begin, status)]
    if end is None:
        return entry(sub(id_, status, created_at=began), *seen)
    now = sub(id_, "canceled", created_at=began, ended_at=START + end)
    return entry(now, *seen, (START + end, "canceled"))


def test_who_never_paid_has_no_lifetime():
    trial = entry(sub(status="trialing"), (START, "trialing"))
    free = entry(sub("sub_free"), (START, "active", False))

    assert life(trial, free) == (None, [], [])


def test_a_payer_started_and_has_not_churned():
    assert life(paid("sub_1", 5)) == (5, [], [])


def test_being_late_is_still_being_a_customer_and_unpaid_is_not():
    seen = [(START, "active"), (START + 5, "past_due"), (START + 9, "unpaid")]

    assert life(entry(sub(status="unpaid"), *seen)) == (0, [9], [])


def test_who_comes_back_is_reactivated():
    assert life(paid("sub_1", 0, 5), paid("sub_2", 9)) == (0, [5], [9])


def test_a_pause_in_one_subscription_is_a_churn_and_a_return():
    seen = [(START, "active"), (START + 5, "paused"), (START + 9, "active")]

    assert life(entry(sub(), *seen)) == (0, [5], [9])


def test_another_subscription_that_goes_on_or_takes_over_is_no_churn():
    overlapping = life(paid("sub_1", 0, 5), paid("sub_2", 3, 9))
    within = life(paid("sub_1", 0, 9), paid("sub_2", 3, 5))
    touching = life(paid("sub_1", 0, 5), paid("sub_2", 5))

    assert overlapping == within == (0, [9], [])
    assert touching == (0, [], [])


def test_what_was_seen_only_at_its_end_was_paid_until_then():
    old = entry(sub(status="canceled", ended_at=START + 9), (START + 50, "canceled"))

    assert life(old) == (0, [9], [])


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=6)


@given(SPANS, st.randoms(use_true_random=False))
def test_a_lifetime_is_the_union_of_all_that_was_paid_in_any_order(spans, chance):
    entries = [paid(f"sub_{n}", begin, begin + length) for n, (begin, length) in enumerate(spans)]
    days = {day for begin, length in spans for day in range(begin, begin + length)}
    began = sorted(day for day in days if day - 1 not in days)
    ended = sorted(day + 1 for day in days if day + 1 not in days)
    chance.shuffle(entries)

    assert life(*entries) == (began[0], ended, began[1:])
