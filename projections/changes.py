"""Moments that a change of a living subscription brings. Source: docs/automations.md."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.objects import Subscription
from schemas.settings import Moment


def changes(before: Subscription, now: Subscription) -> Iterator[Moment]:
    """What changed for a subscription that goes on; of one that has ended nothing else is told."""
    if now.is_terminal or before.is_terminal:
        return
    if before.cancel_scheduled != now.cancel_scheduled:
        yield "cancellation_scheduled" if now.cancel_scheduled else "cancellation_revoked"
    if before.status == "trialing" and now.status == "active":
        yield "trial_converted"
    if _is_paused(before) != _is_paused(now):
        yield "subscription_paused" if _is_paused(now) else "subscription_resumed"
    former, prices = _prices(before), _prices(now)
    if former and prices and former != prices:
        yield "plan_changed"


def _is_paused(subscription: Subscription) -> bool:
    """Whether the subscription itself is paused, or the collection of its invoices."""
    return subscription.status == "paused" or subscription.collection_pause is not None


def _prices(subscription: Subscription) -> frozenset[str]:
    """The prices of its items; none where not all were shown, so that there is no telling."""
    if subscription.has_more_items:
        return frozenset()
    return frozenset(item.price for item in subscription.items if item.price is not None)
