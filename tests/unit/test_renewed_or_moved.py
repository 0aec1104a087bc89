from __future__ import annotations

from datetime import UTC, datetime

import pytest
from test_ahead import passed

from build import (
    START,
    coupon,
    discount,
    event,
    fetched,
    item,
    payment_method,
    subscription,
    updated,
)
from scenario import given
from schemas.records import Kind
from schemas.settings import BusinessSettings
from schemas.times import iso
from schemas.updates import AutomationSkipped, AutomationSuperseded, AutomationTriggered

DAY = 86_400
DATE = START + 30 * DAY
NAMES = ("subscription_started", "subscription_renewed", "renewal_rescheduled")
RULES = BusinessSettings.model_validate({"automations": [{"name": on, "on": on} for on in NAMES]})


def rule(on: str, **more: object) -> BusinessSettings:
    return BusinessSettings.model_validate({"automations": [{"name": "r", "on": on, **more}]})


def renewing(date: int, status: str = "active", **more: object):
    return subscription(status=status, items=[item(current_period_end=date)], **more)


def told(seen) -> list[str]:
    return [each.automation for each in seen.told(AutomationTriggered)]


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        (renewing(DATE + 30 * DAY), DATE, ["subscription_renewed"]),
        (renewing(DATE + 30 * DAY), DATE - 1, ["renewal_rescheduled"]),
        (renewing(DATE - DAY), START + 5, ["renewal_rescheduled"]),
        (renewing(DATE + 30 * DAY, "past_due"), DATE, ["subscription_renewed"]),
        (renewing(DATE), START + 5, []),
        (renewing(DATE, cancel_at_period_end=True), START + 5, []),
    ],
)
def test_a_renewal_comes_or_moves(now, at, expected):
    start = given(updated(renewing(DATE)), settings=RULES)
    seen = start.when(updated(now, at=at))

    assert told(seen) == expected
    assert all(each.details == {"previous": iso(DATE)} for each in seen.told(AutomationTriggered))


@pytest.mark.parametrize(
    ("thing", "at", "expected"),
    [
        (renewing(DATE, start_date=START), START + 5, ["subscription_started"]),
        (renewing(DATE, "trialing", start_date=START), START + 5, ["subscription_started"]),
        (renewing(DATE, start_date=START), START + 4 * DAY, []),
        (renewing(DATE, "incomplete", start_date=START), START + 5, []),
    ],
)
def test_a_subscription_starts_when_it_is_seen_soon_after_it_began(thing, at, expected):
    assert told(given(settings=RULES).when(updated(thing, at=at))) == expected


def test_one_whose_first_payment_came_later_starts_then():
    start = given(updated(renewing(DATE, "incomplete", start_date=START)), settings=RULES)

    assert told(start.when(updated(renewing(DATE, start_date=START), at=START + 9))) == [
        "subscription_started"
    ]


def test_what_was_there_when_the_source_was_connected_does_not_start():
    thing = renewing(DATE, start_date=START)

    assert told(given(settings=RULES).when(fetched(thing, at=START + 5))) == []


def test_a_discount_that_ends_is_told_before():
    off = coupon(percent_off=50, duration="repeating", duration_in_months=3)
    end = START + 90 * DAY
    thing = subscription(discounts=[discount(coupon=off, start=START, end=end)])
    start = given(updated(thing), settings=rule("discount_ending", before="7d"))

    assert start.row.due_at == end - 7 * DAY
    [fired] = passed(start, end - 7 * DAY).told(AutomationTriggered)
    assert fired.details == {"discount_end": iso(end), "discount": "di_1"}
    taken = start.when(updated(subscription(), at=end - 6 * DAY))
    assert [each.reason for each in taken.told(AutomationSuperseded)] == ["moved"]


def test_a_cancellation_that_is_withdrawn_takes_its_trigger_back():
    start = given(updated(renewing(DATE)), settings=rule("cancellation_scheduled"))
    asked = start.when(updated(renewing(DATE, cancel_at_period_end=True), at=START + 5))
    [fired] = asked.done.updates[-1:]
    withdrawn = start.when(updated(renewing(DATE), at=START + 9))
    [back] = withdrawn.told(AutomationSuperseded)

    assert fired.type == "automation.triggered"
    assert (back.trigger, back.reason, back.renews_at) == (fired.id, "withdrawn", iso(DATE))
    again = start.when(updated(renewing(DATE, cancel_at_period_end=True), at=START + 12))
    assert told(again) == ["r"]


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (renewing(DATE, cancel_at_period_end=True), "not_renewing"),
        (renewing(DATE, "canceled", ended_at=DATE - DAY), "over"),
        (renewing(DATE + DAY), "moved"),
        (renewing(DATE, metadata={"some": "thing"}), None),
    ],
)
def test_a_reminder_that_holds_no_more_says_so_once(now, reason):
    start = given(updated(renewing(DATE)), settings=rule("renewal_upcoming", before="3d"))
    assert told(passed(start, DATE - 3 * DAY)) == ["r"]
    seen = start.when(updated(now, at=DATE - DAY))
    later = start.when(updated(now, at=DATE - DAY + 5))

    assert [each.reason for each in seen.told(AutomationSuperseded)] == ([reason] if reason else [])
    assert later.told(AutomationSuperseded) == []


@pytest.mark.parametrize(
    ("words", "late_s", "reason"),
    [
        ({}, 2 * DAY, None),
        ({"late": "skip"}, 3_600, None),
        ({"late": "skip"}, 3_601, "late"),
        ({"useful_until": "1d"}, DAY, None),
        ({"useful_until": "1d"}, DAY + 1, "not_useful_any_more"),
        ({}, 3 * DAY, "too_late"),
    ],
)
def test_a_moment_that_comes_late_is_told_or_held_back(words, late_s, reason):
    settings = rule("renewal_upcoming", before="3d", **words)
    start = given(updated(renewing(DATE)), settings=settings)
    seen = passed(start, DATE - 3 * DAY + late_s)

    assert told(seen) == ([] if reason else ["r"])
    assert [each.reason for each in seen.told(AutomationSkipped)] == ([reason] if reason else [])
    assert told(passed(start, DATE - 1)) == []


def test_a_rule_tells_nothing_of_the_time_before_it():
    start = given(updated(renewing(DATE)))
    content = rule("renewal_upcoming", before="3d")
    start.settings = start.settings.followed_by(2, content, at=DATE - 2 * DAY)
    seen = passed(start, DATE - DAY)

    assert [each.reason for each in seen.told(AutomationSkipped)] == ["before_rule"]
    assert told(seen) == []


@pytest.mark.parametrize(("kind", "fires"), [(Kind.WEBHOOK, 1), (Kind.CATCH_UP, 0)])
def test_a_scheduled_end_before_the_rule_is_told_as_long_as_it_came_by_itself(kind, fires):
    start = given(updated(renewing(DATE)))
    start.settings = start.settings.followed_by(2, rule("cancellation_scheduled"), at=START + 9)
    seen = start.when(updated(renewing(DATE, cancel_at_period_end=True), at=START + 5), kind=kind)

    assert len(told(seen)) == fires
    assert len(seen.told(AutomationSkipped)) == 1 - fires


def test_a_silence_before_the_rule_is_held_back():
    start = given(updated(renewing(DATE)))
    content = rule("inactive_since", stage="Customer", after="7d")
    start.settings = start.settings.followed_by(2, content, at=START + 9 * DAY)
    seen = passed(start, START + 10 * DAY)

    assert [each.reason for each in seen.told(AutomationSkipped)] == ["before_rule"]


@pytest.mark.parametrize(("kind", "fires"), [(Kind.WEBHOOK, 1), (Kind.CATCH_UP, 0)])
def test_a_change_before_the_rule_is_told_as_long_as_it_came_by_itself(kind, fires):
    start = given(updated(subscription("sub_2")), updated(subscription()))
    content = rule("subscription_canceled")
    start.settings = start.settings.followed_by(2, content, at=START + 9)
    ended = subscription(status="canceled", ended_at=START + 5)
    seen = start.when(updated(ended, at=START + 5), kind=kind)

    assert len(told(seen)) == fires
    assert len(seen.told(AutomationSkipped)) == 1 - fires


def test_a_rule_keeps_its_version_while_others_change():
    start = given(updated(renewing(DATE)), settings=rule("renewal_upcoming", before="3d"))
    more = {"automations": [*start.settings.content.model_dump()["automations"]]}
    more["automations"].append({"name": "other", "on": "trial_lost"})
    content = BusinessSettings.model_validate(more)
    start.settings = start.settings.followed_by(7, content, at=DATE - 2 * DAY)
    [fired] = passed(start, DATE - DAY).told(AutomationTriggered)

    assert (fired.settings_version, fired.rule_version) == (7, 1)


def test_a_card_that_expires_is_told_before():
    paying = subscription(default_payment_method="pm_1")
    settings = rule("payment_method_expiring", before="30d")
    start = given(updated(paying), settings=settings)
    card = payment_method("pm_1", month=3, year=2027)
    start.when(event("payment_method.attached", card, at=START + 5))
    end = int(datetime(2027, 4, 1, tzinfo=UTC).timestamp())

    assert start.row.due_at == end - 30 * DAY
    [fired] = passed(start, end - 30 * DAY).told(AutomationTriggered)
    assert fired.details == {"payment_method_end": iso(end), "payment_method": "pm_1"}
    other = subscription(default_payment_method="pm_2")
    seen = start.when(updated(other, at=end - 29 * DAY))
    assert [each.reason for each in seen.told(AutomationSuperseded)] == ["moved"]


def test_a_reminder_says_what_the_renewal_will_come_to():
    start = given(updated(renewing(DATE)), settings=rule("renewal_upcoming", before="3d"))
    [fired] = passed(start, DATE - 3 * DAY).told(AutomationTriggered)

    assert fired.expected["usd"].amount_minor == fired.mrr["usd"].amount_minor == 2000
