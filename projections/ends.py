"""Ends of subscriptions, and of customers, as an automation means them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projections.occasions import Occasion, is_fresh
from projections.spans import seconds
from projections.timeline import timeline
from schemas.automations import Automation, Moment
from schemas.objects import Subscription
from schemas.rows import Facts, SubscriptionFacts
from schemas.times import iso
from schemas.transitions import Transition

NEVER_STARTED = frozenset({"trialing", "paused", "incomplete", "incomplete_expired", "canceled"})
"""Statuses that by themselves do not say that it was ever paid for."""


class Lost(NamedTuple):
    """What a customer has lost last, and when."""

    ended_at: int
    subscription: str


def ends(
    transition: Transition, automation: Automation, subscription: Subscription
) -> Iterator[Occasion]:
    """The end of a subscription, when this record brought it; an old one calls for no action."""
    if end_of(transition.after, subscription.id) != automation.on:
        return
    is_news = end_of(transition.before, subscription.id) != automation.on
    if not is_news or _was_over(transition, subscription):
        return
    ended_at = subscription.ended_at or transition.effective_at
    is_known = subscription.id in transition.before.subscriptions
    yield Occasion(
        key="ended",
        due_at=ended_at,
        subscription=subscription,
        is_kept=True,
        held=None if is_known or is_fresh(transition, ended_at) else "past_at_first_sight",
        details={"reason": subscription.cancel_reason, "feedback": subscription.cancel_feedback},
    )


def losses(transition: Transition, automation: Automation) -> Iterator[Occasion]:
    """The customer's last subscription has ended, and none has come in the time of grace."""
    lost = lost_by(transition.after)
    if lost is None or (transition.connected_at or 0) > lost.ended_at:
        return
    due_at = lost.ended_at + (seconds(automation.grace) if automation.grace else 0)
    was_due = lost_by(transition.before) == lost and due_at <= transition.before.at
    if due_at <= transition.after.at and not was_due:
        is_known = lost.subscription in transition.before.subscriptions
        # Kept: a trial may come and go after it, and leave it the last that was paid for.
        yield Occasion(
            key=lost.subscription,
            due_at=due_at,
            anchor=lost.subscription,
            is_kept=True,
            held=None if is_known or is_fresh(transition, due_at) else "past_at_first_sight",
            details={"ended_at": iso(lost.ended_at)},
        )


def lost_by(facts: Facts) -> Lost | None:
    """The last subscription that ended of those that were paid for; None while any lives."""
    if any(not each.is_terminal for each in facts.current):
        return None
    ended = (each for each in facts.current if end_of(facts, each.id) == "subscription_canceled")
    return max((Lost(each.ended_at, each.id) for each in ended if each.ended_at), default=None)


def end_of(facts: Facts, subscription: str) -> Moment | None:
    """How it ended: canceled after it may have been paid, or a lost trial, or it never started."""
    entry = facts.subscriptions.get(subscription)
    if entry is None or not entry.now.is_terminal:
        return None
    if _was_canceled(entry):
        return "subscription_canceled"
    return "trial_lost" if entry.now.trial_end is not None else "never_started"


def _was_canceled(entry: SubscriptionFacts) -> bool:
    if entry.now.status != "canceled":
        return False
    if any(span.status not in NEVER_STARTED for span in timeline(entry)):
        return True
    trial_end, ended_at = entry.now.trial_end, entry.now.ended_at
    is_lost_trial = trial_end is not None and ended_at is not None and ended_at <= trial_end
    return set(entry.statuses) == {"canceled"} and not is_lost_trial


def _was_over(transition: Transition, subscription: Subscription) -> bool:
    """Whether it ended before its source was connected: an old end calls for no action."""
    connected_at = transition.connected_at
    return connected_at is not None and (subscription.ended_at or 0) < connected_at
