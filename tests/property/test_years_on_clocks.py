"""A year on a test clock means what the same year means live, wherever real time stands."""

from __future__ import annotations

import orjson
import pytest

from histories import history
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import AutomationSkipped, AutomationTriggered
from simulation.objects import DAY_S
from simulation.prices import PRICES_CREATED
from simulation.test_clocks import on_test_clock
from streams.event_files import Found
from streams.fold_files import Folding

UNTIL = PRICES_CREATED + 365 * DAY_S
RULES = BusinessSettings.model_validate(
    {
        "automations": [
            {"name": "renewal", "on": "renewal_upcoming", "before": ["30d", "7d", "2d"]},
            {"name": "renewed", "on": "subscription_renewed"},
            {"name": "start", "on": "subscription_started"},
            {"name": "end", "on": "subscription_canceled"},
            {"name": "lost", "on": "customer_lost", "grace": "7d"},
        ]
    }
)
MEANT = ("stage", "mrr", "renewal", "subscriptions", "payment")


def told(events, *, is_timed: bool):
    """The due time of each moment by its key, and what rows mean; nothing may be held back."""
    settings = SettingsInForce().followed_by(1, RULES, at=PRICES_CREATED)
    folding = Folding(settings=settings, source="main", is_timed=is_timed)
    inputs = (Found(place="here", body=orjson.dumps(each)) for each in events)
    updates = [each.data for each in folding.run(inputs, until=UNTIL)]
    assert not [each for each in updates if isinstance(each, AutomationSkipped)]
    moments = {each.key: each.due_at for each in updates if isinstance(each, AutomationTriggered)}
    rows = {
        row["customer"]["id"]: {name: row[name] for name in MEANT}
        for row in folding.state(announced=False)
    }
    return moments, rows


@pytest.mark.parametrize("days", [-900, 0, 900], ids=["before", "then", "after"])
def test_moments_and_rows_are_those_of_the_same_lives_without_a_clock(days):
    # A deleted customer shows no time: by the clock it went at the last arrival before.
    events = [each for each in history(customers=60) if each["type"] != "customer.deleted"]
    real = PRICES_CREATED + days * DAY_S
    clocked = on_test_clock(events, clock="clock_1", start=PRICES_CREATED, until=UNTIL, real=real)

    moments, rows = told(clocked, is_timed=False)
    expected, live = told(events, is_timed=True)

    assert len(expected) > 100
    assert moments == expected
    assert rows == live
