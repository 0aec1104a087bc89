from __future__ import annotations

import orjson
import pytest

from build import START, coupon, discount, item, price, subscription, updated
from projections.due import next_due
from scenario import given
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.times import iso
from schemas.updates import AutomationTriggered, MrrChanged, StageChanged
from streams.event_files import Found
from streams.fold_files import Folding

DAY = 86_400
END = START + 14 * DAY
DATE = START + 365 * DAY
REMINDER = {"automations": [{"name": "r", "on": "renewal_upcoming", "before": ["30d", "7d"]}]}

SILENT = {"automations": []}


def rules(given=None) -> BusinessSettings:
    return BusinessSettings.model_validate(given or {})


def yearly(**more):
    usual = price(recurring={"interval": "year", "interval_count": 1})
    return subscription(items=[item(price=usual, current_period_end=DATE)], **more)


def trial():
    return subscription(status="trialing", trial_end=END, start_date=START)


def stages(**days):
    late = {"name": "Late", "when": {"trial_days_left": days}}
    other = {"name": "Other", "when": {"status": {"exists": True}}}
    return {"stages": {"precedence": ["Late", "Other"], "rules": [late, other]}}


@pytest.mark.parametrize(
    ("settings", "thing", "at"),
    [
        (SILENT, yearly(), None),
        ({}, yearly(), DATE - 30 * DAY),
        (REMINDER, yearly(), DATE - 30 * DAY),
        (REMINDER, yearly(status="canceled", ended_at=START), None),
        (stages(at_most=3), trial(), END - 3 * DAY),
        (stages(less=3), trial(), END - 3 * DAY),
        (stages(at_least=20), trial(), None),
        (SILENT, trial(), None),
        (SILENT, subscription(items=[item(current_trial={"end_date": END})]), END),
    ],
)
def test_time_alone_changes_something_at(settings, thing, at):
    start = given(updated(thing), settings=rules(settings))

    assert next_due(start.row.facts, start.settings.content) == at


def fold(settings, *events, until, is_timed=False):
    folding = Folding(
        settings=SettingsInForce(version=1, content=rules(settings)),
        source="main",
        is_timed=is_timed,
    )
    inputs = [Found(place="here", body=orjson.dumps(each)) for each in events]
    return [update.data for update in folding.run(inputs, until=until)]


def test_the_clock_of_a_fold_tells_each_moment_when_it_comes():
    told = fold(REMINDER, updated(yearly()), until=DATE - DAY)
    fired = [each for each in told if isinstance(each, AutomationTriggered)]

    assert [(each.due_at, each.late_by_s) for each in fired] == [
        (iso(DATE - 30 * DAY), 0),
        (iso(DATE - 7 * DAY), 0),
    ]


def test_a_discount_that_ends_changes_mrr_on_its_day_and_without_any_event():
    off = coupon(percent_off=50, duration="repeating", duration_in_months=3)
    thing = yearly(discounts=[discount(coupon=off, start=START, end=START + 90 * DAY)])
    told = fold({}, updated(thing), until=START + 200 * DAY)
    moved = [each for each in told if isinstance(each, MrrChanged)]

    assert [(each.movement, each.effective_at) for each in moved] == [
        ("new", iso(START)),
        ("expansion", iso(START + 90 * DAY)),
    ]


def test_a_stage_by_the_days_of_a_trial_comes_on_its_day_and_a_trial_that_is_over_stays_one():
    told = fold(stages(at_most=3), updated(trial()), until=END + 30 * DAY)
    entered = [(each.stage, each.effective_at) for each in told if isinstance(each, StageChanged)]

    assert entered == [("Other", iso(START)), ("Late", iso(END - 3 * DAY))]


def test_customers_are_ticked_in_order_of_time():
    soon = {**yearly(id_="sub_2"), "customer": "cus_0"}
    soon["items"] = {"data": [{**soon["items"]["data"][0], "current_period_end": DATE + 9}]}
    told = fold(REMINDER, updated(yearly()), updated(soon), until=DATE - DAY)
    due = [each.due_at for each in told if isinstance(each, AutomationTriggered)]

    assert due == sorted(due)
    assert len(due) == 4


def test_with_a_clock_of_its_own_a_fold_lets_time_pass_between_events():
    renewed = yearly()
    renewed["items"]["data"][0] = {
        **renewed["items"]["data"][0],
        "current_period_end": DATE + 365 * DAY,
    }
    events = (updated(yearly()), updated(renewed, at=DATE))

    without = fold(REMINDER, *events, until=DATE + 9)
    timed = fold(REMINDER, *events, until=DATE + 9, is_timed=True)
    due = [(it.due_at, it.late_by_s) for it in timed if isinstance(it, AutomationTriggered)]

    assert due == [(iso(DATE - 30 * DAY), 0), (iso(DATE - 7 * DAY), 0)]
    assert not any(isinstance(each, AutomationTriggered) for each in without)
