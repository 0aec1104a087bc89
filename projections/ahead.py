"""Moments some time before a date: a renewal that comes up, a trial that ends.

They fire when they are crossed: by a tick, by an event that shows a later time, or by a date that
moved so near that they are past already. Source: docs/automations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projections.conditions import DAY_S
from projections.renewals import course_of
from schemas.objects import Subscription
from schemas.rows import Facts
from schemas.settings import Automation, Business, BusinessSettings
from schemas.transitions import Transition

SECONDS = {"d": DAY_S, "h": 3_600}
INTERVAL_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
"""Nominal lengths; a moment must be well within a period, and days more or less do not matter."""
UNTIL = "until"
AT_TRIAL_END = Business(renewal_date="trial_end")


class Date(NamedTuple):
    """A date that something comes before, and how long the time is that it ends."""

    at: int
    length_s: int | None


class Moment(NamedTuple):
    """A moment some time before a date."""

    span: str
    due_at: int
    date: int


def ahead(
    transition: Transition, automation: Automation, subscription: Subscription
) -> Iterator[tuple[str, int]]:
    """The moments before the subscription's date that this record brought: keys and due times."""
    before, after = transition.before, transition.after
    known = before.subscriptions.get(subscription.id)
    if known is None:
        return  # past when it was seen first: somebody else may have acted on it
    former = _date(before, known.now, automation, transition.settings)
    for moment in moments(after, subscription, automation, transition.settings):
        if moment.due_at > after.at or moment.date <= after.at:
            continue
        was_armed = former is not None and former.at == moment.date
        if not was_armed or moment.due_at > before.at:
            key = f"{automation.name}/{moment.span}/{UNTIL}/{moment.date}/{subscription.id}"
            yield key, moment.due_at


def moments(
    facts: Facts, subscription: Subscription, automation: Automation, settings: BusinessSettings
) -> Iterator[Moment]:
    """All moments that the automation has before the subscription's date, whenever they are."""
    date = _date(facts, subscription, automation, settings)
    if date is None:
        return
    for span in automation.before:
        if _is_well_within(seconds(span), date):
            yield Moment(span, date.at - seconds(span), date.at)


def is_past(key: str, *, at: int) -> bool:
    """Whether a key is of a moment whose date is over, so that it can never come again."""
    # From the end: a rule's name may hold anything.
    rest, _, _ = key.rpartition("/")
    rest, _, date = rest.rpartition("/")
    return rest.endswith(f"/{UNTIL}") and date.isdecimal() and int(date) <= at


def seconds(span: str) -> int:
    """The length of `30d` or `12h`; a day in UTC always has 24 hours."""
    return int(span[:-1]) * SECONDS[span[-1]]


def _date(
    facts: Facts, subscription: Subscription, automation: Automation, settings: BusinessSettings
) -> Date | None:
    """What the moment comes before; none for one that will not renew."""
    is_trial = subscription.status == "trialing"
    if is_trial != (automation.on == "trial_ending"):
        return None
    # A trial ends when it does, whatever date the settings call the renewal.
    business = AT_TRIAL_END if is_trial else settings.business
    renews_at = course_of(subscription, facts, business).renews_at
    return Date(renews_at, _length_s(subscription)) if renews_at is not None else None


def _length_s(subscription: Subscription) -> int | None:
    if subscription.status == "trialing":
        began_at = subscription.start_date or subscription.created_at
        return (subscription.trial_end or 0) - began_at if began_at else None
    lengths = [
        INTERVAL_DAYS[item.interval] * item.interval_count
        for item in subscription.items
        if item.interval in INTERVAL_DAYS
    ]
    return min(lengths) * DAY_S if lengths else None


def _is_well_within(span_s: int, date: Date) -> bool:
    """Whether it is shorter than half the period: who pays monthly is not reminded on that day."""
    return date.length_s is None or 2 * span_s < date.length_s
