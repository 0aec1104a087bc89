"""What a subscription will be charged at its next renewal: as Stripe said, or else by its prices.

Source: docs/renewals.md, "What it will come to".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from projections.mrr.counting import Counting, currency_of
from projections.mrr.discounts import redeemed_by
from projections.mrr.rules import DURATIONS, rules_of
from projections.mrr.words import InputMissingError
from projections.renewals import course_of, is_uncollected
from schemas.objects import Item, Subscription, Upcoming
from schemas.rows import Facts, last_of
from schemas.settings import Business, BusinessSettings

BY_PERIOD = Business()
COLLECTED_WITHIN_S = 4 * 86_400
"""A renewal's invoice is collected about an hour after it is made, at most three days."""


def expected_of(
    facts: Facts, subscription: Subscription, settings: BusinessSettings, date: int
) -> dict[str, Fraction]:
    """The amount that will be charged at the renewal and its currency, exact minor units.

    Nothing where that cannot be known: usage that is still to come, terms that nobody showed,
    prices that change by then, or no item that renews at that date.
    """
    if course_of(subscription, facts, BY_PERIOD).renews_at is None:
        return {}
    try:
        if is_uncollected(subscription, date):
            return {currency_of(subscription): Fraction()}
        due = [
            item for item in subscription.items if _renews_at(item, subscription) in {date, None}
        ]
        if any(item.usage_type != "licensed" for item in due):
            return {}  # Stripe's word is of the usage until then, and more is to come
        told = _told(facts, subscription, date)
        return told or _counted(facts, subscription, settings, date)
    except InputMissingError:
        return {}


def _told(facts: Facts, subscription: Subscription, date: int) -> dict[str, Fraction]:
    """What Stripe said that the invoice of that date will come to, while nothing changed since."""
    sightings = facts.upcoming.get(subscription.id)
    if not sightings:
        return {}
    upcoming = sightings[-1].snapshot
    is_complete = upcoming.currency is not None and upcoming.amount_due is not None
    if not is_complete or not _is_of(upcoming, date):
        return {}
    if any(at > sightings[-1].at for at in _changes(facts, subscription)):
        return {}
    return {str(upcoming.currency): Fraction(upcoming.amount_due or 0)}


def _is_of(upcoming: Upcoming, date: int) -> bool:
    """Whether it is the invoice of that date; old ones may only say when they are collected."""
    if upcoming.period_end is not None:
        return upcoming.period_end == date
    collected_at = upcoming.next_attempt_at
    return collected_at is not None and date <= collected_at < date + COLLECTED_WITHIN_S


def _changes(facts: Facts, subscription: Subscription) -> Iterator[int]:
    """When it was last seen, and its discounts and its customer's."""
    yield facts.subscriptions[subscription.id].versions[-1].at
    for sightings in facts.discounts.values():
        if sightings[-1].snapshot.subscription in {None, subscription.id}:
            yield sightings[-1].at


def _counted(
    facts: Facts, subscription: Subscription, settings: BusinessSettings, date: int
) -> dict[str, Fraction]:
    """One period of each item that renews then, less the discounts that last beyond that moment.

    A count of MRR as if each period were a month: an amount off is taken once from the whole
    invoice. Inclusive tax stays in, for it is charged.
    """
    if _changes_by_then(facts, subscription, date):
        return {}
    due = [item for item in subscription.items if _renews_at(item, subscription) == date]
    if not due:
        return {}
    counting = Counting(
        facts=replace(facts, at=date),
        rules=replace(rules_of(settings.mrr), durations=DURATIONS["all"]),
        redeemed=redeemed_by(facts),
    )
    working = counting.count(replace(subscription, items=tuple(map(_as_monthly, due))))
    return dict.fromkeys(working.currencies, working.amount)


def _changes_by_then(facts: Facts, subscription: Subscription, date: int) -> bool:
    """Whether other prices may count then, which nobody showed: of a phase, or after an offer."""
    schedule = last_of(facts.schedules, subscription.schedule)
    phases = schedule.phases if schedule and not schedule.is_final else ()
    begins = any(facts.at < phase.start <= date for phase in phases)
    offers = (item.trial_end for item in subscription.items)
    return begins or any(end is not None and facts.at <= end <= date for end in offers)


def _renews_at(item: Item, subscription: Subscription) -> int | None:
    """When an item renews; before 2025-03-31.basil items had no period of their own."""
    if subscription.status == "trialing" and subscription.trial_end is not None:
        return subscription.trial_end
    if item.current_period_end is not None:
        return item.current_period_end
    lengths = {(each.interval, each.interval_count) for each in subscription.items}
    # Of several lengths nobody shows which end with the subscription's period.
    return subscription.current_period_end if len(lengths) == 1 else None


def _as_monthly(item: Item) -> Item:
    if item.interval is None:
        return item  # charged once, and not again
    return replace(item, interval="month", interval_count=1, tax_included=())
