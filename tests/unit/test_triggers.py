from __future__ import annotations

import pytest

from build import BASIC, START, customer, deleted, subscription, updated
from scenario import given
from schemas.updates import AutomationTriggered

ENDED = subscription(
    status="canceled",
    ended_at=START + 50,
    cancellation_details={"reason": "payment_failed", "feedback": "too_complex"},
)


def test_the_end_of_a_subscription_fires_with_what_an_automation_needs():
    seen = given(updated(customer()), updated(subscription()), updated(subscription("sub_2"))).when(
        deleted(ENDED, at=START + 60)
    )
    [fired] = seen.told(AutomationTriggered)

    assert (fired.automation, fired.on) == ("subscription-canceled", "subscription_canceled")
    assert (fired.subscription, fired.other_live_subscriptions) == (BASIC, 1)
    assert (fired.due_at, fired.late_by_s) == ("2027-01-15T08:00:50Z", 10)
    assert fired.customer_mrr_after["usd"].amount_minor == 2000
    assert fired.details == {"reason": "payment_failed", "feedback": "too_complex"}
    assert fired.contact is not None
    assert fired.contact.id == "acme-42"
    assert fired.stage == "Customer"


def test_it_fires_once_whatever_comes_again():
    start = given(updated(subscription()), deleted(ENDED, id="evt_end", at=START + 60))
    again = start.when(deleted(ENDED, id="evt_end", at=START + 60))
    late = start.when(updated(ENDED, at=START + 99))

    assert again.updates == []
    assert late.told(AutomationTriggered) == []


@pytest.mark.parametrize("status", ["trialing", "incomplete", "paused"])
def test_what_ends_without_ever_being_paid_is_no_cancellation(status):
    seen = given(updated(subscription(status=status))).when(deleted(ENDED, at=START + 60))

    assert seen.told(AutomationTriggered) == []


def test_two_subscriptions_fire_one_trigger_each():
    start = given(updated(subscription("sub_1")), updated(subscription("sub_2")))
    first = start.when(deleted(subscription("sub_1", "canceled"), at=START + 1))
    second = start.when(deleted(subscription("sub_2", "canceled"), at=START + 2))

    assert [fired.subscription for fired in first.told(AutomationTriggered)] == ["sub_1"]
    assert [fired.subscription for fired in second.told(AutomationTriggered)] == ["sub_2"]
