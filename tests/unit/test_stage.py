from __future__ import annotations

import pytest

from build import BASIC, START, deleted, event, subscription, updated
from scenario import given
from schemas.settings import BusinessSettings
from schemas.updates import StageChanged

STATUSES = [
    # status              stage it alone gives
    ("trialing", "Trial"),
    ("active", "Customer"),
    ("incomplete", "Customer"),
    ("incomplete_expired", "Customer"),
    ("past_due", "Customer"),
    ("unpaid", "Customer"),
    ("canceled", "Churn"),
    ("paused", None),
    ("a_status_of_the_future", None),
]


@pytest.mark.parametrize(("status", "stage"), STATUSES)
def test_the_default_rules_say_the_stage_of_each_status(status, stage):
    seen = given().when(event("customer.subscription.created", subscription(status=status)))

    assert (seen.state.stage.name if seen.state.stage else None) == stage


@pytest.mark.parametrize(("one", "one_alone"), STATUSES)
@pytest.mark.parametrize(("other", "other_alone"), STATUSES)
def test_between_two_subscriptions_precedence_decides(one, one_alone, other, other_alone):
    seen = given(event("customer.subscription.created", subscription("sub_1", one))).when(
        event("customer.subscription.created", subscription("sub_2", other))
    )
    started = [
        stage
        for status, stage in ((one, one_alone), (other, other_alone))
        if stage and not status.startswith("incomplete")
    ]
    known = started or [stage for stage in (one_alone, other_alone) if stage]
    expected = min(known, key=["Customer", "Trial", "Churn"].index, default=None)

    assert (seen.state.stage.name if seen.state.stage else None) == expected


def test_a_status_without_rule_keeps_the_stage_of_the_last_status_that_has_one():
    seen = given(updated(subscription(status="trialing"), at=START)).when(
        updated(subscription(status="paused"), at=START + 10)
    )

    assert seen.state.stage.name == "Trial"
    assert seen.told(StageChanged) == []


def test_a_change_says_what_was_what_is_and_why():
    seen = given(updated(subscription(status="trialing"), at=START)).when(
        updated(subscription(status="active"), at=START + 60)
    )
    [change] = seen.told(StageChanged)

    assert (change.previous, change.stage, change.rule) == ("Trial", "Customer", "Customer")
    assert (change.subscription, change.status) == (BASIC, "active")
    assert change.since == change.effective_at == "2027-01-15T08:01:00Z"


def test_a_renewal_does_not_move_since():
    seen = given(
        updated(subscription(status="trialing"), at=START),
        updated(subscription(status="active"), at=START + 60),
    ).when(updated(subscription(status="active"), at=START + 9_999))

    assert seen.state.stage.since == "2027-01-15T08:01:00Z"


def test_a_canceled_subscription_beside_a_live_one_is_no_churn():
    seen = given(
        updated(subscription("sub_1")),
        updated(subscription("sub_2")),
    ).when(deleted(subscription("sub_2", "canceled"), at=START + 5))

    assert seen.state.stage.name == "Customer"
    assert seen.told(StageChanged) == []


def test_of_two_rules_that_name_a_status_the_first_in_the_file_decides():
    settings = BusinessSettings.model_validate(
        {
            "stages": {
                "precedence": ["Late", "Customer"],
                "rules": [
                    {"name": "Late", "when": {"status": ["past_due"]}},
                    {"name": "Customer", "when": {"status": ["active", "past_due"]}},
                ],
            }
        }
    )
    seen = given(settings=settings).when(updated(subscription(status="past_due")))

    assert seen.state.stage.name == "Late"


def test_since_stays_through_years_of_updates_in_any_order():
    history = [updated(subscription(), at=START + number * 15 * 86_400) for number in range(200)]
    forth, back = given(*history), given(*reversed(history))

    for row in (forth, back):
        assert row.when(history[0]).state.stage.since == "2027-01-15T08:00:00Z"


def test_since_reaches_over_another_status_of_the_same_second():
    seen = given(
        updated(subscription(status="trialing"), id="evt_1"),
        updated(subscription(), was={"status": "trialing"}, id="evt_2"),
    ).when(updated(subscription(), at=START + 30 * 86_400))

    assert seen.state.stage.since == "2027-01-15T08:00:00Z"
