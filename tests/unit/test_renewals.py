from __future__ import annotations

import pytest

from build import ANA, BASIC, MONTH_S, START, deleted, event, invoice, item, subscription, updated
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


@pytest.mark.parametrize(
    ("resumes_at", "flagged"), [(None, True), (END + 1, True), (END, False), (END - 9, False)]
)
def test_a_pause_of_collection_keeps_the_date_and_is_flagged_if_it_lasts_until_then(
    resumes_at, flagged
):
    found = renewal(pause_collection={"behavior": "void", "resumes_at": resumes_at})

    assert (found.renews_at, found.not_collected) == (iso(END), flagged)


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


def test_a_change_of_the_next_try_alone_is_about_collection():
    late = given(updated(subscription(status="past_due")))
    failed = event("invoice.payment_failed", invoice(next_payment_attempt=START + 99))
    paid = event("invoice.paid", invoice(status="paid"), at=START + 5)
    [first] = late.when(failed).told(RenewalChanged)
    [second] = late.when(paid).told(RenewalChanged)

    assert (first.previous, first.renews_at, first.reason) == (iso(END), iso(END), "collection")
    assert (first.retry_at, second.retry_at) == (iso(START + 99), None)
    assert second.reason == "collection"
    assert late.when(failed).told(RenewalChanged) == []


def test_a_schedule_that_ends_its_subscription_takes_the_date_away():
    schedule = {
        "id": "sub_sched_1",
        "object": "subscription_schedule",
        "customer": ANA,
        "status": "active",
        "subscription": BASIC,
        "end_behavior": "cancel",
        "phases": [{"start_date": START, "end_date": END}],
        "created": START,
    }
    start = given(updated(subscription(schedule="sub_sched_1")))
    [gone] = start.when(event("subscription_schedule.updated", schedule)).told(RenewalChanged)
    released = {**schedule, "status": "released"}
    [back] = start.when(event("subscription_schedule.released", released, at=START + 5)).told(
        RenewalChanged
    )

    assert (gone.renews_at, gone.access_until, gone.reason) == (None, iso(END), "not_renewing")
    assert (back.renews_at, back.reason) == (iso(END), "rescheduled")


def test_the_first_date_has_started_and_the_end_has_ended():
    start = given()
    [first] = start.when(updated(subscription())).told(RenewalChanged)
    [last] = start.when(deleted(subscription(status="canceled"), at=START + 1)).told(RenewalChanged)

    assert (first.reason, last.reason, last.renews_at) == ("started", "ended", None)


def test_an_end_that_is_withdrawn_reschedules_and_starts_nothing():
    leaving = updated(subscription(cancel_at=END), at=START + 1)
    [change] = (
        given(updated(subscription()), leaving)
        .when(updated(subscription(), at=START + 2))
        .told(RenewalChanged)
    )

    assert (change.previous, change.renews_at, change.reason) == (None, iso(END), "rescheduled")
