"""MRR of one customer: exact, per currency, or pending with the reason. Source: docs/mrr.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from projections.mrr.counting import Counting, count_as_told, currencies_of, is_uncollected
from projections.mrr.discounts import redeemed_by
from projections.mrr.rules import Rules, rules_of
from projections.mrr.words import InputMissingError
from projections.mrr.workings import Working
from schemas.money import Amounts
from schemas.objects import Subscription
from schemas.rows import Facts, last_of
from schemas.settings import BusinessSettings
from schemas.standing import MrrView

METADATA = "metadata:"


def mrr_of(facts: Facts, settings: BusinessSettings) -> MrrView:
    """Count a customer's MRR at the row's own time."""
    return view_of(workings_of(facts, settings))


def view_of(workings: Iterable[Working]) -> MrrView:
    """Sum up a customer's subscriptions."""
    seen: dict[str, Fraction] = {}
    by_subscription: dict[str, Amounts] = {}
    by_item: dict[str, dict[str, Amounts]] = {}
    pending: dict[str, str] = {}
    caveats: dict[str, tuple[str, ...]] = {}
    leaving: list[str] = []
    for working in workings:
        id_ = working.subscription.id
        if working.is_leaving:
            leaving.append(id_)
        if working.missing is not None:
            # A currency is zero only where it is known to be: what is pending leaves no trace.
            pending[id_] = working.missing
            continue
        seen.update(dict.fromkeys(working.currencies, Fraction()))
        by_subscription[id_] = dict.fromkeys(working.currencies, working.amount)
        by_item[id_] = {
            each.item.id: dict.fromkeys(working.currencies, each.monthly) for each in working.items
        }
        if working.caveats:
            caveats[id_] = working.caveats
    return MrrView(
        seen=seen,
        by_subscription=by_subscription,
        by_item=by_item,
        pending=pending,
        caveats=caveats,
        leaving=frozenset(leaving),
    )


def workings_of(facts: Facts, settings: BusinessSettings) -> Iterator[Working]:
    """Say of each subscription how its MRR comes about, oldest first."""
    rules, figure = rules_of(settings.mrr), settings.business.mrr
    counting = Counting(facts=facts, rules=rules, redeemed=redeemed_by(facts))
    for subscription in facts.current:
        is_leaving = _has_scheduled_end(subscription, facts)
        zero = _why_zero(subscription, rules, facts.at)
        if zero is None and is_leaving and figure == "committed_mrr":
            zero = "leaving"
        try:
            if zero is not None:
                working = Working(
                    subscription=subscription, currencies=currencies_of(subscription), zero=zero
                )
            elif figure.startswith(METADATA):
                working = count_as_told(subscription, figure.removeprefix(METADATA))
            else:
                working = counting.count(subscription)
        except InputMissingError as missing:
            working = Working(subscription=subscription, missing=str(missing))
        yield replace(working, is_leaving=True) if is_leaving else working


def _has_scheduled_end(subscription: Subscription, facts: Facts) -> bool:
    if subscription.is_terminal:
        return False
    if subscription.cancel_scheduled:
        return True
    schedule = last_of(facts.schedules, subscription.schedule)
    return schedule is not None and schedule.end_behavior == "cancel" and not schedule.is_final


def _why_zero(subscription: Subscription, rules: Rules, at: int) -> str | None:
    if subscription.status not in rules.statuses:
        return "status"
    # A schedule that ends by itself is a fixed term: nobody asked to cancel.
    if subscription.cancel_scheduled and rules.cancel_counts == "request":
        return "cancel_requested"
    if rules.pause_collection == "exclude" and is_uncollected(subscription, at):
        return "collection_paused"
    return None
