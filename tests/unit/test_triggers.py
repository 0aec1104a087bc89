from __future__ import annotations

import pytest

from build import BASIC, START, customer, deleted, subscription, updated
from scenario import given
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import AutomationTriggered
from streams.fold import bounds

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


@pytest.mark.parametrize(
    ("status", "trial_end", "fires"),
    [
        ("trialing", None, 0),
        ("incomplete", None, 0),
        ("paused", START + 40, 0),
        ("paused", None, 1),
        ("unpaid", START + 40, 1),
        ("a_status_of_the_future", None, 1),
    ],
)
def test_what_ends_without_ever_being_paid_is_no_cancellation(status, trial_end, fires):
    before = subscription(status=status, trial_end=trial_end)
    ended = {**ENDED, "trial_end": trial_end}
    seen = given(updated(before, at=START + 45)).when(deleted(ended, at=START + 60))

    assert len(seen.told(AutomationTriggered)) == fires


@pytest.mark.parametrize(("trial_end", "fires"), [(None, 1), (START + 40, 1), (START + 50, 0)])
def test_of_what_only_the_end_was_seen_a_lost_trial_is_no_cancellation(trial_end, fires):
    seen = given().when(deleted({**ENDED, "trial_end": trial_end}, at=START + 60))

    assert len(seen.told(AutomationTriggered)) == fires


def test_that_it_was_paid_may_become_known_after_its_end():
    start = given(
        updated(subscription(status="trialing")), deleted({**ENDED, "trial_end": START + 90})
    )
    late = start.when(updated(subscription(trial_end=START + 40), at=START + 45))

    assert len(late.told(AutomationTriggered)) == 1


def test_a_new_automation_fires_for_nothing_that_was_over_before():
    start = given(updated(subscription()), deleted(ENDED, at=START + 60))
    new = {"name": "win-back", "on": "subscription_canceled"}
    rules = BusinessSettings.model_validate({"automations": [new]})
    start.settings = SettingsInForce(version=2, content=rules)
    seen = start.when(updated(customer(), at=START + 99))

    assert seen.told(AutomationTriggered) == []


def test_what_was_evicted_leaves_no_key_of_a_trigger(monkeypatch):
    monkeypatch.setattr(bounds, "ENDED_BYTES_MAX", 3_000)
    start = given()
    for number in range(6):
        over = subscription(f"sub_{number}", "canceled", ended_at=START + number)
        seen = start.when(deleted(over, at=START + number))
        assert len(seen.told(AutomationTriggered)) == 1

    kept = {f"subscription-canceled/{each}/ended" for each in start.row.facts.subscriptions}
    assert set(start.row.announced.fired) == kept
    assert len(kept) < 6


def test_two_subscriptions_fire_one_trigger_each():
    start = given(updated(subscription("sub_1")), updated(subscription("sub_2")))
    first = start.when(deleted(subscription("sub_1", "canceled"), at=START + 1))
    second = start.when(deleted(subscription("sub_2", "canceled"), at=START + 2))

    assert [fired.subscription for fired in first.told(AutomationTriggered)] == ["sub_1"]
    assert [fired.subscription for fired in second.told(AutomationTriggered)] == ["sub_2"]
