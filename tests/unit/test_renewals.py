from __future__ import annotations

import pytest

from build import MONTH_S, START, deleted, item, subscription, updated
from scenario import given
from schemas.times import iso
from schemas.updates import RenewalChanged

END = START + MONTH_S


def renewal(**more):
    return given().when(updated(subscription(**more))).state.renewal


@pytest.mark.parametrize(
    ("more", "renews_at", "access_until"),
    [
        ({}, END, None),
        ({"status": "past_due"}, END, None),
        ({"status": "trialing", "trial_end": START + 7}, START + 7, None),
        ({"status": "unpaid"}, None, None),
        ({"status": "paused"}, None, None),
        ({"status": "incomplete"}, None, None),
        ({"status": "canceled"}, None, None),
        ({"cancel_at_period_end": True, "cancel_at": END}, None, END),
        ({"cancel_at_period_end": True}, None, END),
        ({"cancel_at": END}, None, END),
        ({"cancel_at": END + 1}, END, None),
    ],
)
def test_a_subscription_renews_at_its_period_end_unless_it_will_not(more, renews_at, access_until):
    found = renewal(**more)

    assert found.renews_at == (renews_at and iso(renews_at))
    assert found.access_until == (access_until and iso(access_until))


def test_the_period_is_read_from_the_items_and_before_2025_from_the_top():
    late, soon = item("si_1", current_period_end=END + 9), item("si_2", current_period_end=END)
    old = item(current_period_end=None)

    assert renewal(items=[late, soon]).renews_at == iso(END)
    assert renewal(items=[old], current_period_end=END).renews_at == iso(END)


def test_the_earliest_of_several_is_the_customers_and_the_others_are_listed():
    later = subscription("sub_2", items=[item(current_period_end=END + 5)])
    found = given(updated(later)).when(updated(subscription("sub_1"))).state.renewal

    assert (found.renews_at, found.subscription) == (iso(END), "sub_1")
    assert [(o.subscription, o.renews_at) for o in found.others] == [("sub_2", iso(END + 5))]


def test_a_pause_of_collection_keeps_the_date_and_is_flagged():
    assert renewal(pause_collection={"behavior": "void", "resumes_at": None}).not_collected


@pytest.mark.parametrize(
    ("after", "at", "reason"),
    [
        (subscription(items=[item(current_period_end=END + MONTH_S)]), END, "renewed"),
        (subscription(items=[item(current_period_end=END + 5)]), START + 5, "rescheduled"),
        (subscription(cancel_at_period_end=True), START + 5, "not_renewing"),
        (subscription(pause_collection={"behavior": "void"}), START + 5, "collection"),
    ],
)
def test_a_change_says_its_reason(after, at, reason):
    [change] = given(updated(subscription())).when(updated(after, at=at)).told(RenewalChanged)

    assert (change.previous, change.reason) == (iso(END), reason)


def test_the_first_date_has_started_and_the_end_has_ended():
    start = given()
    [first] = start.when(updated(subscription())).told(RenewalChanged)
    [last] = start.when(deleted(subscription(status="canceled"), at=START + 1)).told(RenewalChanged)

    assert (first.reason, last.reason, last.renews_at) == ("started", "ended", None)
