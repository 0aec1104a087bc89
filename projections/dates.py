"""Dates of a subscription that moments come before. Source: docs/automations.md."""

from __future__ import annotations

from typing import NamedTuple

from projections.conditions import period_days
from projections.mrr.discounts import redeemed_by
from projections.payment_methods import expires_at, payment_method_of
from projections.renewals import course_of
from projections.spans import DAY_S
from schemas.automations import Automation
from schemas.objects import Subscription
from schemas.rows import Facts, last_of
from schemas.settings import Business, BusinessSettings

AT_TRIAL_END = Business(renewal_date="trial_end")
BY_PERIOD = Business()
CHARGED = frozenset({"discount_ending", "payment_method_expiring"})


class Date(NamedTuple):
    """A date that something comes before, and how long the time is that it ends."""

    at: int
    length_s: int | None


def dates_of(
    facts: Facts, subscription: Subscription, automation: Automation, settings: BusinessSettings
) -> dict[str, Date]:
    """The dates that the automation's moments come before, by what tells them apart.

    None for what will not renew, or has ended.
    """
    if subscription.is_terminal:
        return {}
    if automation.on in CHARGED and course_of(subscription, facts, BY_PERIOD).renews_at is None:
        return {}  # nothing more will be charged
    if automation.on == "discount_ending":
        return _ends_of_discounts(facts, subscription)
    if automation.on == "payment_method_expiring":
        method = payment_method_of(facts, subscription)
        end = expires_at(method) if method else None
        return {method.id: Date(end, None)} if method and end is not None else {}
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
