from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from pydantic import ValidationError

from build import BASIC, START, customer, item, price, record, subscription, updated
from scenario import Seen, given
from schemas.records import Kind
from schemas.settings import BusinessSettings
from schemas.times import iso
from schemas.updates import AutomationSkipped, AutomationSuperseded, AutomationTriggered
from streams.pipeline import Outcome, step

DAY = 86_400
YEARLY = {"recurring": {"interval": "year", "interval_count": 1}}
DATE = START + 365 * DAY


def rules(on: str = "renewal_upcoming", **more: object) -> BusinessSettings:
    return BusinessSettings.model_validate({"automations": [{"name": "rule", "on": on, **more}]})


SKIPPED, SUPERSEDED = "automation.skipped", "automation.superseded"
REMINDER = rules(before=["30d", "7d"])


def yearly(date: int = DATE, **more):
    return subscription(items=[item(price=price(**YEARLY), current_period_end=date)], **more)


def passed(start, at: int) -> Seen:
    """Let time pass by a tick."""
    tick = replace(record(b"", start.count, kind=Kind.TICK), timestamp_ms=at * 1000)
    tick = replace(tick, value=orjson.dumps({"due_at": at}))
    start.count += 1
    done = step(start.row, tick, start.settings)
    start.row = done.row or start.row
    return Seen(done, start.row, start.settings)


def told(seen: Seen) -> list[tuple[str, ...]]:
    """What was said of moments, with why where it was held back or holds no more."""
    kinds = AutomationTriggered | AutomationSkipped | AutomationSuperseded
    return [
        (each.TYPE, getattr(each, "reason", "")) for each in seen.updates if isinstance(each, kinds)
    ]


def fired(seen: Seen) -> list[tuple[str, int]]:
    return [(each.due_at, each.late_by_s) for each in seen.told(AutomationTriggered)]


def due(days: int, date: int = DATE) -> str:
    return iso(date - days * DAY)


def test_a_tick_that_crosses_a_moment_tells_it_once():
    start = given(updated(yearly()), settings=REMINDER)

    assert fired(passed(start, DATE - 31 * DAY)) == []
    seen = passed(start, DATE - 30 * DAY)
    [told] = seen.told(AutomationTriggered)
    assert (told.automation, told.on, told.subscription) == ("rule", "renewal_upcoming", BASIC)
    assert (told.due_at, told.late_by_s, told.renews_at) == (due(30), 0, iso(DATE))
    assert (told.stage, told.other_live_subscriptions) == ("Customer", 0)
    assert told.mrr == told.customer_mrr_after
    assert passed(start, DATE - 30 * DAY).outcome is Outcome.DUPLICATE
    assert fired(passed(start, DATE - 29 * DAY)) == []
    assert fired(passed(start, DATE - 7 * DAY + 5)) == [(due(7), 5)]


def test_after_a_jump_all_that_was_crossed_is_told_with_how_late_it_is():
    start = given(updated(yearly()), settings=REMINDER)

    assert fired(passed(start, DATE - DAY)) == [(due(30), 29 * DAY), (due(7), 6 * DAY)]


def test_an_event_lets_time_pass_as_a_tick_does():
    start = given(updated(yearly()), settings=REMINDER)

    assert fired(start.when(updated(customer(), at=DATE - 20 * DAY))) == [(due(30), 10 * DAY)]
    assert fired(passed(start, DATE - 20 * DAY)) == []


@pytest.mark.parametrize("late_s", [0, 3 * DAY])
def test_nothing_is_told_once_the_date_is_over(late_s):
    start = given(updated(yearly()), settings=REMINDER)

    seen = passed(start, DATE + late_s)

    assert told(seen) == [(SKIPPED, "too_late")] * 2
    assert start.row.announced.fired == {}


def test_who_has_canceled_is_not_reminded():
    start = given(updated(yearly()), settings=REMINDER)
    start.when(updated(yearly(cancel_at_period_end=True), at=START + 5))

    assert fired(passed(start, DATE - 6 * DAY)) == []


def test_a_date_that_moves_away_and_back_is_told_once_for_each_date():
    start = given(updated(yearly()), settings=rules(before="30d"))
    later = DATE + 90 * DAY

    assert fired(passed(start, DATE - 30 * DAY)) == [(due(30), 0)]
    [first] = start.row.announced.fired.values()
    away = start.when(updated(yearly(later), at=DATE - 29 * DAY))
    [gone] = away.told(AutomationSuperseded)
    assert (gone.trigger, gone.reason, gone.renews_at) == (first.id, "moved", iso(later))
    assert fired(away) == []
    assert told(start.when(updated(yearly(), at=DATE - 28 * DAY))) == []
    start.when(updated(yearly(later), at=DATE - 27 * DAY))
    assert fired(passed(start, later - 30 * DAY)) == [(due(30, later), 0)]
    assert len(start.row.announced.fired) == 1


def test_a_date_that_moved_near_is_told_at_once():
    start = given(updated(yearly()), settings=rules(before="30d"))
    near = START + 20 * DAY

    assert fired(start.when(updated(yearly(near), at=START + 5))) == [(due(30, near), 10 * DAY + 5)]


def test_what_was_past_at_the_first_sighting_stays_silent():
    start = given(settings=REMINDER)

    assert told(start.when(updated(yearly(), at=DATE - 20 * DAY))) == [
        (SKIPPED, "past_at_first_sight")
    ]
    assert fired(passed(start, DATE - 7 * DAY)) == [(due(7), 0)]


def test_a_new_rule_tells_nothing_that_was_past():
    start = given(updated(yearly()), settings=rules("subscription_canceled"))
    passed(start, DATE - 20 * DAY)
    start.settings = start.settings.model_copy(update={"version": 2, "content": REMINDER})

    assert fired(passed(start, DATE - 19 * DAY)) == []
    assert fired(passed(start, DATE - 7 * DAY)) == [(due(7), 0)]


def test_a_monthly_payer_is_not_reminded_on_the_day_of_paying():
    start = given(settings=rules(before=["30d", "15d", "14d"]))
    monthly = subscription(items=[item(current_period_end=START + 31 * DAY)])
    start.when(updated(monthly, at=START))

    assert fired(passed(start, START + 30 * DAY)) == [(due(14, START + 31 * DAY), 13 * DAY)]


def test_conditions_are_judged_at_the_moment():
    start = given(updated(yearly()), settings=rules(before="30d", when={"product": "prod_other"}))

    assert fired(passed(start, DATE - 30 * DAY)) == []


def test_a_trial_that_ends_is_another_moment_than_a_renewal():
    end = START + 14 * DAY
    trial = subscription(status="trialing", trial_end=end, created=START, start_date=START)
    tried = given(updated(trial), settings=rules("trial_ending", before="3d"))
    renewed = given(updated(trial), settings=REMINDER)

    [told] = passed(tried, end - 3 * DAY).told(AutomationTriggered)
    assert (told.due_at, told.details) == (due(3, end), {"trial_end": iso(end)})
    assert fired(passed(renewed, end - DAY)) == []


def test_a_cancellation_is_told_when_it_is_asked_for_and_when_it_is_withdrawn():
    both = BusinessSettings.model_validate(
        {
            "automations": [
                {"name": "going", "on": "cancellation_scheduled"},
                {"name": "staying", "on": "cancellation_revoked"},
            ]
        }
    )
    start = given(updated(yearly()), settings=both)
    going = yearly(cancel_at_period_end=True, cancellation_details={"feedback": "unused"})
    asked = start.when(updated(going, at=START + 5, id="evt_asked"))
    again = start.when(updated(going, at=START + 5, id="evt_asked"))
    withdrawn = start.when(updated(yearly(), at=START + 9))

    [told] = asked.told(AutomationTriggered)
    assert (told.automation, told.due_at) == ("going", iso(START + 5))
    assert told.details == {"reason": None, "feedback": "unused", "access_until": iso(DATE)}
    assert again.told(AutomationTriggered) == []
    assert [each.automation for each in withdrawn.told(AutomationTriggered)] == ["staying"]


def test_an_end_that_was_set_at_the_first_sighting_is_no_news():
    start = given(settings=rules("cancellation_scheduled"))

    assert fired(start.when(updated(yearly(cancel_at_period_end=True)))) == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"on": "renewal_upcoming"}, "needs before"),
        ({"on": "subscription_canceled", "before": "3d"}, "takes no before"),
        ({"on": "trial_ending", "before": "3 days"}, "days or hours"),
        ({"on": "trial_ending", "before": "0d"}, "days or hours"),
        ({"on": "trial_ending", "before": ["3d", "3d"]}, "twice"),
    ],
)
def test_what_makes_no_sense_is_refused(words, fault):
    with pytest.raises(ValidationError, match=fault):
        rules(**words)


def test_a_name_may_look_like_a_key():
    start = given(
        updated(yearly()),
        settings=BusinessSettings.model_validate(
            {"automations": [{"name": "a/until/b", "on": "subscription_canceled"}]}
        ),
    )
    gone = yearly(status="canceled", ended_at=START + 5)

    assert len(fired(start.when(updated(gone, at=START + 5)))) == 1
    assert fired(passed(start, START + 9)) == []
