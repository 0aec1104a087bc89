from __future__ import annotations

import pytest

from fetched import fetched
from schemas.errors import BadRecordError, DeadLetterReason
from streams.worker.dead_letters import dead_letter
from streams.worker.letters import LETTER
from streams.worker.limit import COUNTED, WINDOW, LookBack, look_back

BAD_OBJECT = DeadLetterReason.BAD_OBJECT


def batch(kinds: str, *, bad: str = "", reason=BAD_OBJECT, headers=()) -> LookBack:
    """A batch of good (.) and bad (x) records."""
    records = [fetched(b"", offset, headers=headers) for offset in range(len(kinds))]
    letters = [
        dead_letter(record, BadRecordError(reason, "words"))
        for record, kind in zip(records, kinds, strict=True)
        if kind == "x"
    ]
    return look_back(bad, records, letters)


def test_good_records_leave_nothing():
    assert batch("." * 1000) == LookBack(bad="", most=0, reasons={})


def test_bad_ones_are_counted_within_the_window():
    found = batch("x" * 30 + "." * 10 + "x" * 71)

    assert (found.most, found.reasons) == (101, {"bad_object": 101})


def test_the_worst_window_counts_also_when_it_is_over_at_the_end():
    assert batch("x" * 101 + "." * 800).most == 101


def test_bad_ones_that_lie_far_apart_do_not_add_up():
    assert batch(("x" + "." * (WINDOW - 1)) * 5).most == 1


@pytest.mark.parametrize("size", [1, 7, 200, 1000])
def test_it_does_not_matter_where_a_batch_ends(size):
    kinds = ("x." * 90 + "." * 70 + "xx" * 40) * 3
    whole, bad, most = batch(kinds), "", 0
    for start in range(0, len(kinds), size):
        part = batch(kinds[start : start + size], bad=bad)
        bad, most = part.bad, max(most, part.most)

    assert (bad, most) == (whole.bad, whole.most)


def test_a_batch_without_a_bad_one_stops_nobody():
    former = batch("x" * 150)

    assert batch("..", bad=former.bad).most == 0
    assert batch(".x", bad=former.bad).most == 151


def test_what_is_long_past_is_forgotten():
    assert batch("." * WINDOW, bad=batch("x" * WINDOW).bad).bad == ""


@pytest.mark.parametrize("reason", sorted(set(DeadLetterReason) - COUNTED))
def test_what_others_can_cause_at_will_is_not_counted(reason):
    assert batch("x" * 300, reason=reason) == LookBack(bad="", most=0, reasons={})


def test_letters_that_were_given_back_in_vain_are_not_counted():
    assert batch("x" * 300, headers=((LETTER, b"3:17"),)).most == 0
