"""Over a simulated year each moment is told once, however its events are delivered."""

from __future__ import annotations

import random
from collections import Counter

import orjson
import pytest

from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import AutomationTriggered
from simulation.simulate import simulate
from streams.event_files import Found
from streams.fold_files import Folding

RULES = BusinessSettings.model_validate(
    {
        "automations": [
            {"name": "renewal", "on": "renewal_upcoming", "before": ["30d", "7d", "12h"]},
            {"name": "trial", "on": "trial_ending", "before": "3d"},
            {"name": "going", "on": "cancellation_scheduled"},
            {"name": "staying", "on": "cancellation_revoked"},
            {"name": "gone", "on": "subscription_canceled"},
        ]
    }
)


@pytest.fixture(scope="module")
def year():
    return list(simulate(seed=5, customers=40))


def told(events):
    folding = Folding(
        settings=SettingsInForce(version=1, content=RULES), source="main", is_timed=True
    )
    inputs = (Found(place="here", body=orjson.dumps(event)) for event in events)
    triggers = [each for each in folding.run(inputs) if isinstance(each.data, AutomationTriggered)]
    return triggers, folding


def test_every_event_twice_tells_the_same(year):
    once, _ = told(year)
    twice, _ = told([event for event in year for _ in range(2)])

    assert {each.data.automation for each in once} == {rule.name for rule in RULES.automations}
    assert [each.id for each in twice] == [each.id for each in once]


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_no_moment_ahead_is_told_twice_and_no_end_either(year, seed):
    shuffled = random.Random(seed).sample(year, len(year))  # noqa: S311 - repeatable
    triggers, _ = told(shuffled)
    ahead = Counter(
        (each.data.automation, each.data.subscription, each.data.due_at)
        for each in triggers
        if each.data.automation in {"renewal", "trial"}
    )
    ends = Counter(each.data.subscription for each in triggers if each.data.automation == "gone")

    assert ends
    assert set((ahead + ends).values()) == {1}


def test_a_row_keeps_no_key_of_a_date_that_is_over(year):
    _, folding = told(year)

    for row in folding.rows.values():
        dates = [int(key.split("/")[-2]) for key in row.announced.fired if "/until/" in key]
        assert all(date > row.facts.at for date in dates)
