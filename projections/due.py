"""When something about a customer will change by time alone, without any event.

A tick at these times, and at no others, keeps a row as true as the clock. What must be here is
whatever compares a date with the row's own time.
"""

from __future__ import annotations

from collections.abc import Iterator

from projections.ahead import moments
from projections.deletion import with_customer_deleted
from projections.ends import lost_by
from projections.spans import DAY_S, seconds
from schemas.automations import AHEAD
from schemas.conditions import Conditions, NumberCondition
from schemas.objects import Subscription
from schemas.rows import Facts
from schemas.settings import BusinessSettings


def next_due(facts: Facts, settings: BusinessSettings) -> int | None:
    """The next time at which these facts mean something else; None when time changes nothing."""
    seen = with_customer_deleted(facts)
    return min((at for at in _turns(seen, settings) if at > facts.at), default=None)


def _turns(facts: Facts, settings: BusinessSettings) -> Iterator[int]:
    """Moments of automations, ends of discounts and of trials of items, days of trials in rules."""
    for sightings in facts.discounts.values():
        if (end := sightings[-1].snapshot.end) is not None:
            yield end
    yield from _of_customer(facts, settings)
    days = set(_days_named(settings))
    for subscription in facts.current:
        yield from _moments_ahead(facts, subscription, settings)
        yield from _days_of_trial(subscription, days)
        for item in subscription.items:
            if item.trial_end is not None:
                yield item.trial_end  # for its price
                yield item.trial_end + 1  # for the renewal, which it is up to that second


def _moments_ahead(
    facts: Facts, subscription: Subscription, settings: BusinessSettings
) -> Iterator[int]:
    for automation in settings.automations:
        if automation.on in AHEAD:
            for moment in moments(facts, subscription, automation, settings):
                yield moment.due_at


def _of_customer(facts: Facts, settings: BusinessSettings) -> Iterator[int]:
    for automation in settings.automations:
        if automation.after is not None and facts.active_at:
            yield facts.active_at + seconds(automation.after)
        if automation.grace is not None and (lost := lost_by(facts)) is not None:
            yield lost.ended_at + seconds(automation.grace)


def _days_of_trial(subscription: Subscription, days: set[int]) -> Iterator[int]:
    """When so many whole days are left, rounded up, and when one less is."""
    if subscription.status == "trialing" and subscription.trial_end is not None:
        for number in days:
            yield subscription.trial_end - number * DAY_S
            yield subscription.trial_end - (number - 1) * DAY_S


def _days_named(settings: BusinessSettings) -> Iterator[int]:
    rules: list[Conditions | None] = [rule.when for rule in settings.stages.rules]
    for when in (*rules, *(automation.when for automation in settings.automations)):
        if when and when.trial_days_left:
            yield from _numbers(when.trial_days_left)


def _numbers(condition: NumberCondition) -> Iterator[int]:
    yield from (*(condition.any_of or ()), *(condition.not_ or ()))
    limits = (condition.greater, condition.less, condition.at_least, condition.at_most)
    yield from (number for number in (*limits, condition.equals) if number is not None)
