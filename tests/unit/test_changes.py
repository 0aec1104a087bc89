from __future__ import annotations

import pytest

from build import START, item, price, subscription, updated
from scenario import given
from schemas.settings import BusinessSettings
from schemas.updates import AutomationTriggered

NAMES = (
    "trial_converted",
    "plan_changed",
    "subscription_paused",
    "subscription_resumed",
    "cancellation_scheduled",
    "cancellation_revoked",
)
RULES = BusinessSettings.model_validate({"automations": [{"name": on, "on": on} for on in NAMES]})
ACTIVE = subscription()
TRIAL = subscription(status="trialing", trial_end=START + 9)
PAUSED = subscription(status="paused")
UNCOLLECTED = subscription(pause_collection={"behavior": "void", "resumes_at": None})
GOING = subscription(cancel_at_period_end=True)
OTHER = subscription(items=[item(price=price(id="price_other"))])
MORE = {**OTHER, "items": {**OTHER["items"], "has_more": True}}
ENDED = subscription(status="canceled", ended_at=START + 5)


def told(*bodies):
    seen = given(*bodies[:-1], settings=RULES).when(bodies[-1])
    return [each.automation for each in seen.told(AutomationTriggered)]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (ACTIVE, ACTIVE, []),
        (TRIAL, ACTIVE, ["trial_converted"]),
        (TRIAL, subscription(status="past_due"), []),
        (ACTIVE, OTHER, ["plan_changed"]),
        (ACTIVE, subscription(items=[item(quantity=7)]), []),
        (ACTIVE, MORE, []),
        (ACTIVE, PAUSED, ["subscription_paused"]),
        (ACTIVE, UNCOLLECTED, ["subscription_paused"]),
        (UNCOLLECTED, PAUSED, []),
        (PAUSED, ACTIVE, ["subscription_resumed"]),
        (UNCOLLECTED, GOING, ["subscription_resumed", "cancellation_scheduled"]),
        (GOING, ACTIVE, ["cancellation_revoked"]),
        (GOING, ENDED, []),
        (PAUSED, ENDED, []),
    ],
)
def test_a_change_is_told(before, now, expected):
    assert told(updated(before), updated(now, at=START + 5)) == expected


@pytest.mark.parametrize("thing", [PAUSED, GOING, UNCOLLECTED])
def test_what_is_so_at_the_first_sighting_is_no_change(thing):
    assert told(updated(thing)) == []


def test_an_older_sighting_that_comes_late_changes_nothing():
    assert told(updated(PAUSED, at=START + 9), updated(ACTIVE, at=START + 5)) == []
