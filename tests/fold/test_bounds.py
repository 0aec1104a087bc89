"""Bounds of a row, at the limit and one to each side of it, in any order."""

from __future__ import annotations

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from build import START, customer, deleted, event, invoice, record, subscription, updated
from schemas.codec import canonical, encode_row
from schemas.rows import SubscriptionFacts
from schemas.settings import SettingsInForce
from streams import pipeline
from streams.fold import bounds
from streams.fold.evolve import HISTORY_MONTHS_MAX, MONTH_S
from streams.pipeline import Outcome, step

RULES = SettingsInForce(version=1)
FEW_BYTES = 6_000


def fold(bodies):
    row = None
    for offset, body in enumerate(bodies):
        row = step(row, record(body, offset), RULES).row or row
    return row


def ended(number, size=0, at=None):
    """The end of a subscription; higher numbers ended later."""
    at = START + number if at is None else at
    thing = subscription(
        f"sub_{number:04d}", "canceled", ended_at=at, metadata={"note": "x" * size}
    )
    return deleted(thing, at=at, id=f"evt_{number:04d}")


def live(number):
    return updated(subscription(f"sub_{number:04d}"), at=START, id=f"evt_live{number:04d}")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(bounds, "ENDED_BYTES_MAX", FEW_BYTES)


@settings(deadline=None, max_examples=60)
@for_all(
    numbers=st.lists(st.integers(0, 30), min_size=1, max_size=14, unique=True),
    sizes=st.lists(st.sampled_from([0, 300, 2_000]), min_size=31, max_size=31),
    with_live=st.sets(st.integers(0, 30), max_size=6),
    chance=st.randoms(use_true_random=False),
)
def test_what_has_no_room_is_chosen_by_content_never_by_arrival(numbers, sizes, with_live, chance):
    bodies = [ended(number, sizes[number]) for number in numbers] + [live(n) for n in with_live]
    shuffled = bodies + bodies[::2]
    chance.shuffle(shuffled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "ENDED_BYTES_MAX", FEW_BYTES)
        one, other = fold(bodies), fold(shuffled)

    assert canonical(one.facts) == canonical(other.facts)
    kept = [each for each in one.facts.subscriptions.values() if each.now.is_terminal]
    assert sum(bounds.charge_of(each) for each in kept) <= FEW_BYTES
    gone = set(numbers) - {int(each.now.id[4:]) for each in kept}
    assert len(one.facts.evicted.digests) == len(gone)
    assert not gone or max(gone) < min((int(each.now.id[4:]) for each in kept), default=FEW_BYTES)


@pytest.mark.parametrize(("spare", "is_kept"), [(-1, False), (0, True), (1, True)])
def test_ended_subscriptions_fill_their_room_to_the_byte(monkeypatch, spare, is_kept):
    bodies = [ended(number, 100) for number in range(3)]
    facts = fold(bodies).facts
    charged = sum(bounds.charge_of(entry) for entry in facts.subscriptions.values())
    monkeypatch.setattr(bounds, "ENDED_BYTES_MAX", charged + spare)
    facts = fold(bodies).facts

    assert ("sub_0000" in facts.subscriptions) == is_kept
    assert len(facts.evicted.digests) == (0 if is_kept else 1)
    assert {"sub_0001", "sub_0002"} <= set(facts.subscriptions)


def test_nothing_brings_an_evicted_subscription_back(small):
    bodies = [ended(number, 3_000) for number in range(3)]
    before = fold(bodies).facts
    late = [live(0), ended(0, 3_000), ended(0, 0)]
    after = fold([*bodies, *late]).facts

    assert set(after.subscriptions) == {"sub_0002"}
    assert after.evicted == before.evicted


def test_a_customer_with_hundreds_of_ended_subscriptions_still_has_a_row():
    row = None
    for number in range(400):
        done = step(row, record(ended(number), number), RULES)
        assert done.outcome is Outcome.FOLDED
        row = done.row

    assert len(encode_row(row)) <= pipeline.ROW_BYTES_MAX
    assert len(row.facts.subscriptions) + len(row.facts.evicted.digests) == 400
    assert "sub_0399" in row.facts.subscriptions
    assert "sub_0000" not in row.facts.subscriptions


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_of_each_other_kind_the_newest_are_kept(extra):
    limit = bounds.KEPT_MAX["invoices"]
    bodies = [
        event(
            "invoice.paid",
            invoice(f"in_{n:03d}", "paid", created=START + n, parent=None, subscription=f"sub_{n}"),
            id=f"evt_{n}",
        )
        for n in range(limit + extra)
    ]
    forth, back = fold(bodies).facts, fold(reversed(bodies)).facts

    assert canonical(forth) == canonical(back)
    assert len(forth.invoices) == min(limit, limit + extra)
    assert ("in_000" in forth.invoices) == (extra < 1)


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_of_each_subscription_the_newest_invoices_are_kept(extra):
    count = bounds.INVOICES_OF_ONE_MAX + extra
    of_another = {"parent": None, "subscription": "sub_other"}
    bodies = [
        event("invoice.paid", invoice("in_old", "open", created=START - 9, **of_another)),
        *(
            event("invoice.paid", invoice(f"in_{n}", "paid", created=START + n), id=f"evt_{n}")
            for n in range(count)
        ),
    ]
    forth, back = fold(bodies).facts, fold(reversed(bodies)).facts

    assert canonical(forth) == canonical(back)
    assert "in_old" in forth.invoices
    assert ("in_0" in forth.invoices) == (extra < 1)


def test_years_of_life_are_charged_so_that_what_is_kept_fits_the_row():
    row = None
    for number in range(230):
        begins = START + number
        months = [
            updated(
                subscription(f"sub_{number}", created=begins),
                at=begins + month * MONTH_S,
                id=f"evt_{number}_{month}",
            )
            for month in range(0, 24, 4)
        ]
        end = begins + 24 * MONTH_S
        over = subscription(f"sub_{number}", "canceled", created=begins, ended_at=end)
        for body in (*months, deleted(over, at=end, id=f"evt_{number}_end")):
            row = step(row, record(body, number), RULES).row

    assert 0 < len(row.facts.evicted.digests) < 230
    assert len(encode_row(row)) < bounds.ENDED_BYTES_MAX + 64 * 1024


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_months_of_history_are_dropped_whole_and_the_oldest_first(extra):
    count = HISTORY_MONTHS_MAX + extra
    bodies = [
        updated(
            subscription(status=status),
            at=START + month * MONTH_S + second,
            id=f"evt_{month}{status}",
        )
        for month in range(count)
        for second, status in ((0, "active"), (9, "past_due"))
    ]
    forth, back = (fold(order).facts.subscriptions["sub_basic"] for order in (bodies, bodies[::-1]))

    assert isinstance(forth, SubscriptionFacts)
    assert forth.history == back.history
    assert len({at // MONTH_S for at, _, _ in forth.history}) == min(count, HISTORY_MONTHS_MAX)
    assert forth.statuses == {
        "active": START + (count - 1) * MONTH_S,
        "past_due": START + (count - 1) * MONTH_S + 9,
    }


@pytest.mark.parametrize(
    ("second", "limit"),
    [
        (updated(subscription("sub_new"), at=START + 1), "ROW_BYTES_MAX"),
        (updated(customer(metadata={"note": "x" * 999}), at=START + 1), "KNOWN_BYTES_MAX"),
        (updated(subscription(metadata={"note": "x" * 999}), at=START + 1), "KNOWN_BYTES_MAX"),
    ],
)
@pytest.mark.parametrize(
    ("spare", "outcome"), [(-1, "dead_lettered"), (0, "folded"), (1, "folded")]
)
def test_a_record_that_would_make_the_row_too_large_is_a_dead_letter(
    monkeypatch, second, limit, spare, outcome
):
    row = fold([updated(customer()), updated(subscription())])
    size = len(encode_row(step(row, record(second, 1), RULES).row))
    monkeypatch.setattr(pipeline, limit, size + spare)
    done = step(row, record(second, 1), RULES)

    assert done.outcome == outcome
    assert (done.row is None) == (outcome == "dead_lettered")


def test_the_ends_of_what_a_full_row_has_are_never_refused(monkeypatch):
    monkeypatch.setattr(pipeline, "ROW_BYTES_MAX", 64 * 1024)
    monkeypatch.setattr(pipeline, "KNOWN_BYTES_MAX", 96 * 1024)
    monkeypatch.setattr(bounds, "ENDED_BYTES_MAX", 32 * 1024)
    row, number, begun = None, 0, []
    while True:
        begin = updated(
            subscription(f"sub_{number:04d}", metadata={"note": "x" * 300}), id=f"evt_{number}"
        )
        done = step(row, record(begin, number), RULES)
        if done.outcome is Outcome.DEAD_LETTERED:
            break
        row, number, begun = done.row, number + 1, [*begun, f"sub_{number:04d}"]
    for place, id_ in enumerate(begun, 1):
        over = subscription(id_, "canceled", ended_at=START + place, metadata={"note": "x" * 300})
        done = step(row, record(deleted(over, at=START + place, id=f"evt_end{place}")), RULES)
        assert done.outcome is Outcome.FOLDED
        row = done.row

    assert all(entry.now.is_terminal for entry in row.facts.subscriptions.values())
    assert len(row.facts.subscriptions) + len(row.facts.evicted.digests) == len(begun)


def test_live_subscriptions_are_never_evicted(small):
    row = fold([live(number) for number in range(40)])

    assert len(row.facts.subscriptions) == 40
    assert row.facts.evicted.digests == ()


def test_which_is_the_newest_goes_by_its_date_before_its_id():
    limit = bounds.INVOICES_OF_ONE_MAX
    bodies = [
        event("invoice.paid", invoice(f"in_{n:03d}", "paid", created=START - n), id=f"evt_{n}")
        for n in range(limit + 1)
    ]
    for order in (bodies, bodies[::-1]):
        kept = fold(order).facts.invoices
        assert (set(kept), len(kept)) == ({f"in_{n:03d}" for n in range(limit)}, limit)


@pytest.mark.parametrize("word", ["ended_at", "canceled_at", "created"])
def test_which_ended_last_goes_by_the_best_date_it_has_before_its_id(small, word):
    dates = {"ended_at": None, "canceled_at": None, "metadata": {"note": "x" * 3_000}}
    bodies = [
        deleted(subscription(f"sub_{n}", "canceled", **{**dates, word: START - n}), at=START)
        for n in range(3)
    ]
    for order in (bodies, bodies[::-1]):
        assert set(fold(order).facts.subscriptions) == {"sub_0"}


def test_the_end_of_a_subscription_is_when_it_ended_not_when_it_was_canceled(small):
    note = {"metadata": {"note": "x" * 3_000}}
    bodies = [
        deleted(
            subscription(f"sub_{n}", "canceled", ended_at=START - n, canceled_at=START + n, **note)
        )
        for n in range(3)
    ]

    assert set(fold(bodies).facts.subscriptions) == {"sub_0"}


def test_what_ended_before_an_evicted_one_has_no_room_though_it_would_fit(small):
    bodies = [ended(2, 3_000), ended(1, 3_000), ended(0)]
    for order in (bodies, bodies[::-1], [bodies[0], bodies[2], bodies[1]]):
        facts = fold(order).facts
        assert set(facts.subscriptions) == {"sub_0002"}
        assert facts.evicted.cut == (START + 1, "sub_0001")
