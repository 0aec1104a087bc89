"""Ends of subscriptions that were paid for, as an automation means them."""

from __future__ import annotations

from projections.timeline import timeline
from schemas.objects import Subscription
from schemas.rows import Facts
from schemas.transitions import Transition

NEVER_STARTED = frozenset({"trialing", "paused", "incomplete", "incomplete_expired", "canceled"})
"""Statuses that by themselves do not say that it was ever paid for."""


def was_canceled(facts: Facts, subscription: str) -> bool:
    """Whether it ended after it may have been paid: a lost trial is no cancellation."""
    entry = facts.subscriptions.get(subscription)
    if entry is None or entry.now.status != "canceled":
        return False
    if any(span.status not in NEVER_STARTED for span in timeline(entry)):
        return True
    trial_end, ended_at = entry.now.trial_end, entry.now.ended_at
    is_lost_trial = trial_end is not None and ended_at is not None and ended_at <= trial_end
    return set(entry.statuses) == {"canceled"} and not is_lost_trial


def was_over(transition: Transition, subscription: Subscription) -> bool:
    """Whether it ended before its source was connected: an old end calls for no action."""
    connected_at = transition.connected_at
    return connected_at is not None and (subscription.ended_at or 0) < connected_at
