"""What the network does to a history: the shares that were asked for, within Stripe's bounds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from histories import history
from simulation.delivery import LATE_S_MAX, Course, deliver, draw_outages
from simulation.prices import PRICES_CREATED


def delivered(**how):
    return list(deliver(history(), **how))


def outages(number, days=365):
    return draw_outages(seed=1, number=number, start=PRICES_CREATED, days=days)


def test_without_knobs_everything_comes_at_once_and_in_its_order():
    assert [each.event for each in delivered()] == list(history())
    assert {each.course for each in delivered()} == {Course.PROMPT}


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_disorder_is_the_share_that_comes_late(share):
    found = delivered(disorder=share)
    late = [each for each in found if each.course is Course.LATE]

    assert len(late) / len(found) == pytest.approx(share, abs=0.02)
    assert all(0 < each.at - each.event["created"] <= LATE_S_MAX for each in late)
    assert [each.event for each in found] != list(history())


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_duplicates_are_the_share_that_comes_twice(share):
    found = delivered(duplicates=share)
    again = [each for each in found if each.course is Course.DUPLICATE]

    assert len(again) / len(history()) == pytest.approx(share, abs=0.02)
    firsts = {each.event["id"]: each for each in found if each.course is not Course.DUPLICATE}
    for each in again:
        first = firsts[each.event["id"]]
        assert each.at > first.at
        assert each.event | {"pending_webhooks": 1} == first.event
    assert {each.event["pending_webhooks"] for each in again} == {0, 1}


@pytest.mark.parametrize("number", [1, 3, 365])
def test_nothing_comes_in_an_outage_and_everything_after_it(number):
    windows = outages(number)
    found = delivered(disorder=0.2, duplicates=0.1, outages=windows)
    held = [each for each in found if each.course is Course.HELD_BACK]

    assert len(windows) == number
    assert all(was.ends < now.begins for was, now in pairwise(windows))
    assert not any(each.begins <= one.at < each.ends for each in windows for one in held)
    assert held
    firsts = Counter(each.event["id"] for each in found if each.course is not Course.DUPLICATE)
    assert firsts == Counter(each["id"] for each in history())


def test_every_first_delivery_comes_within_three_days():
    for each in delivered(disorder=0.5, outages=outages(12)):
        assert 0 <= each.at - each.event["created"] <= LATE_S_MAX


def test_deliveries_come_in_the_order_of_their_time():
    times = [each.at for each in delivered(disorder=0.3, duplicates=0.3, outages=outages(4))]

    assert times == sorted(times)


def test_the_same_seed_makes_the_same_deliveries():
    how = {"disorder": 0.2, "duplicates": 0.2, "outages": outages(2)}

    assert delivered(**how) == delivered(**how)
    assert delivered(**how) != delivered(seed=2, **how)
