"""Moments some time before a date: a renewal that comes up, a trial that ends.

They fire when they are crossed: by a tick, by an event that shows a later time, or by a date that
moved so near that they are past already. Source: docs/automations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projections.conditions import DAY_S, period_days
from projections.mrr.discounts import redeemed_by
from projections.occasions import Occasion
from projections.renewals import course_of
from schemas.automations import Automation
from schemas.objects import Subscription
from schemas.rows import Facts, Fired, last_of
from schemas.settings import Business, BusinessSettings
from schemas.times import iso
from schemas.transitions import Transition

SECONDS = {"d": DAY_S, "h": 3_600}
DATES = {"trial_ending": "trial_end", "discount_ending": "discount_end"}
"""What the details call the date; that of a renewal has its own field."""
AT_TRIAL_END = Business(renewal_date="trial_end")


class Date(NamedTuple):
    """A date that something comes before, and how long the time is that it ends."""

    at: int
    length_s: int | None


class Moment(NamedTuple):
    """A moment some time before a date; `of` tells dates of one subscription apart."""

    span: str
    due_at: int
    date: int
    of: str


def ahead(
    transition: Transition, automation: Automation, subscription: Subscription
) -> Iterator[Occasion]:
    """The moments before the subscription's dates that this record brought."""
    before, after = transition.before, transition.after
    known = before.subscriptions.get(subscription.id)
    former = _dates(before, known.now, automation, transition.settings) if known else {}
    for moment in moments(after, subscription, automation, transition.settings):
        if moment.due_at > after.at or moment.date <= after.at:
            continue
        was_armed = moment.of in former and former[moment.of].at == moment.date
        if not was_armed or moment.due_at > before.at:
            yield Occasion(
                key="/".join(filter(None, (moment.span, str(moment.date), moment.of))),
                due_at=moment.due_at,
                subscription=subscription,
                until=moment.date,
                is_kept=True,
                # Somebody else may have acted on it.
                held=None if known else "past_at_first_sight",
                details=_details(automation, moment),
            )


def _details(automation: Automation, moment: Moment) -> dict[str, str | None]:
    if automation.on == "renewal_upcoming":
        return {}
    return {
        DATES[automation.on]: iso(moment.date),
        **({"discount": moment.of} if moment.of else {}),
    }


def moments(
    facts: Facts, subscription: Subscription, automation: Automation, settings: BusinessSettings
) -> Iterator[Moment]:
    """All moments that the automation has before the subscription's date, whenever they are."""
    for of, date in _dates(facts, subscription, automation, settings).items():
        for span in automation.before:
            if _is_well_within(seconds(span), date):
                yield Moment(span, date.at - seconds(span), date.at, of)


def is_ahead(
    fired: Fired, facts: Facts, automation: Automation, settings: BusinessSettings
) -> bool:
    """Whether the date that a moment came before is still the one."""
    entry = facts.subscriptions.get(fired.subscription or "")
    dates = _dates(facts, entry.now, automation, settings) if entry else {}
    return any(date.at == fired.until for date in dates.values())


def seconds(span: str) -> int:
    """The length of `30d` or `12h`; a day in UTC always has 24 hours."""
    return int(span[:-1]) * SECONDS[span[-1]]


def _dates(
    facts: Facts, subscription: Subscription, automation: Automation, settings: BusinessSettings
) -> dict[str, Date]:
    """What the moments come before; none for what will not renew, or has ended."""
    if automation.on == "discount_ending":
        return {} if subscription.is_terminal else _ends_of_discounts(facts, subscription)
    is_trial = subscription.status == "trialing"
    if is_trial != (automation.on == "trial_ending"):
        return {}
    # A trial ends when it does, whatever date the settings call the renewal.
    business = AT_TRIAL_END if is_trial else settings.business
    renews_at = course_of(subscription, facts, business).renews_at
    return {"": Date(renews_at, _length_s(subscription))} if renews_at is not None else {}


def _ends_of_discounts(facts: Facts, subscription: Subscription) -> dict[str, Date]:
    redeemed, seen_at = redeemed_by(facts), facts.subscriptions[subscription.id].versions[-1].at
    ids = [*redeemed.of_subscription(subscription, seen_at), *redeemed.of_customer]
    for item in subscription.items:
        ids += redeemed.of_item(item, seen_at)
    found = (last_of(facts.discounts, id_) for id_ in ids)
    return {
        each.id: Date(each.end, each.end - each.start if each.start is not None else None)
        for each in found
        if each and each.end is not None
    }


def _length_s(subscription: Subscription) -> int | None:
    if subscription.status == "trialing":
        began_at = subscription.start_date or subscription.created_at
        return (subscription.trial_end or 0) - began_at if began_at else None
    days = period_days(subscription)
    return days * DAY_S if days is not None else None


def _is_well_within(span_s: int, date: Date) -> bool:
    """Whether it is shorter than half the period: who pays monthly is not reminded on that day."""
    return date.length_s is None or 2 * span_s < date.length_s
