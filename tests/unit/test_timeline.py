from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import START
from facts import entry, sub
from projections.timeline import timeline

DAY = 86_400


def told(now, *seen, **more):
    return [(span.at - START, span.status) for span in timeline(entry(now, *seen, **more))]


def test_a_life_is_its_sightings_in_order_without_repetition():
    seen = [
        (START, "trialing"),
        (START + 5, "active"),
        (START + 9, "active"),
        (START + 7, "active"),
    ]

    assert told(sub(), *seen) == [(0, "trialing"), (5, "active")]


def test_a_span_lasts_until_the_next_and_the_last_has_no_end():
    first, last = timeline(entry(sub(), (START, "trialing"), (START + 5, "active")))

    assert (first.until, last.until) == (START + 5, None)


def test_a_change_from_free_to_paid_begins_a_span():
    spans = timeline(entry(sub(), (START, "active", False), (START + 5, "active", True)))

    assert [(span.at - START, span.is_paying) for span in spans] == [(0, False), (5, True)]


@pytest.mark.parametrize(
    ("status", "more", "began"),
    [
        #  what is seen first, at 900, of what began at 0
        ("active", {}, 0),
        ("active", {"start_date": START - 50}, -50),
        ("active", {"trial_end": START + 300}, 300),
        ("active", {"trial_end": START + 999}, 0),
        ("past_due", {"trial_end": START + 300}, 300),
        ("trialing", {"trial_end": START + 999}, 0),
        ("incomplete", {}, 0),
        ("a_status_of_the_future", {}, 0),
        ("active", {"created_at": 0}, 900),
        ("active", {"created_at": START + 950}, 900),
    ],
)
def test_what_is_seen_late_began_when_it_says(status, more, began):
    assert told(sub(status=status, **more), (START + 900, status)) == [(began, status)]


@pytest.mark.parametrize(
    ("more", "spans"),
    [
        #  only the end was seen, at 9 days; it says it ended at 8
        ({}, [(0, "active"), (8, "canceled")]),
        ({"trial_end": START + 3 * DAY}, [(3, "active"), (8, "canceled")]),
        ({"trial_end": START + 8 * DAY}, [(8, "canceled")]),
        ({"trial_end": START + 9 * DAY}, [(8, "canceled")]),
        ({"created_at": START + 8 * DAY}, [(8, "canceled")]),
        ({"created_at": 0}, [(8, "canceled")]),
        ({"status": "incomplete_expired"}, [(8, "incomplete_expired")]),
        ({"ended_at": None}, [(0, "active"), (9, "canceled")]),
    ],
)
def test_what_was_seen_only_at_its_end_lived_before_it(more, spans):
    now = sub(**{"status": "canceled", "ended_at": START + 8 * DAY, **more})
    found = told(now, (START + 9 * DAY, now.status))

    assert [(at // DAY, status) for at, status in found] == spans


def test_an_end_comes_when_it_says_and_nothing_after_it():
    now = sub(status="canceled", ended_at=START + 8)
    seen = [(START, "active"), (START + 9, "past_due"), (START + 20, "canceled")]

    assert told(now, *seen) == [(0, "active"), (8, "canceled")]


def test_sightings_of_one_second_follow_the_usual_course_of_a_life():
    seen = [(START, status) for status in ("unpaid", "trialing", "past_due", "incomplete")]

    found = told(sub(), *seen, (START + 1, "active"))

    assert [status for _, status in found] == [
        "incomplete",
        "trialing",
        "past_due",
        "unpaid",
        "active",
    ]


def test_what_a_subscription_is_now_comes_last_in_its_last_second():
    seen = [(START, "active"), (START + 5, "past_due"), (START + 5, "active")]

    assert told(sub(), *seen)[-2:] == [(5, "past_due"), (5, "active")]


STATUSES = ["trialing", "active", "past_due", "unpaid", "canceled", "odd"]
SIGHTINGS = st.lists(
    st.tuples(st.integers(START, START + 3), st.sampled_from(STATUSES), st.booleans()),
    min_size=1,
    max_size=8,
)


@given(SIGHTINGS, st.sampled_from(STATUSES), st.randoms(use_true_random=False))
def test_any_order_of_sightings_is_the_same_life(seen, status, chance):
    seen.append((START + 3, status, True))
    one = entry(sub(status=status), *seen)
    chance.shuffle(seen)

    spans = timeline(one)

    assert spans == timeline(entry(sub(status=status), *seen))
    assert spans[-1].status == status
    assert [span.until for span in spans] == [*(span.at for span in spans[1:]), None]
    assert [span.at for span in spans] == sorted(span.at for span in spans)


@pytest.mark.parametrize(
    ("status", "more", "spans"),
    [
        #  seen first at 900, of what began at 0
        ("unpaid", {}, [(0, "active"), (900, "unpaid")]),
        ("paused", {}, [(0, "active"), (900, "paused")]),
        ("paused", {"trial_end": START + 300}, [(300, "paused")]),
        (
            "paused",
            {"trial_end": START + 300, "pause_reason": "pause_requested"},
            [(300, "active"), (900, "paused")],
        ),
    ],
)
def test_what_comes_only_after_good_standing_had_it_before(status, more, spans):
    assert told(sub(status=status, **more), (START + 900, status)) == spans


def test_a_trial_that_was_added_to_what_ran_takes_no_past_away():
    now = sub(status="trialing", trial_end=START + 5_000)
    seen = ((START + 900, "active"), (START + 1_000, "trialing"))

    assert told(now, *seen) == [(0, "active"), (1_000, "trialing")]
