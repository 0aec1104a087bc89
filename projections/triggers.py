"""Automation triggers: moments that call for action, each told once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schemas.money import from_exact, written
from schemas.objects import Subscription
from schemas.rows import Announced, Facts
from schemas.settings import Automation
from schemas.times import iso
from schemas.transitions import Transition
from schemas.updates import AutomationTriggered, Update

NEVER_PAID = frozenset({"trialing", "paused", "incomplete", "incomplete_expired", "canceled"})


def project_triggers(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Fire what has become due and was not fired before; what was over before stays silent.

    Comes after the other projections, so that `announced` holds the stage and MRR after the change.
    """
    fired = set(announced.fired)
    updates: list[Update] = []
    for automation in transition.settings.automations:
        for subscription in transition.after.current:
            key = f"{automation.name}/{subscription.id}"
            if key in fired or not _was_canceled(transition.after, subscription):
                continue
            fired.add(key)
            if not _was_over(transition, subscription):
                updates.append(_fire(transition, announced, automation, subscription))
    return replace(announced, fired=tuple(sorted(fired))), iter(updates)


def _was_canceled(facts: Facts, subscription: Subscription) -> bool:
    """Whether it ended after it may have been paid: a lost trial is no cancellation."""
    if subscription.status != "canceled":
        return False
    statuses = set(facts.subscriptions[subscription.id].statuses)
    return statuses == {"canceled"} or not statuses <= NEVER_PAID


def _was_over(transition: Transition, subscription: Subscription) -> bool:
    """Whether it ended before its source was connected: an old end calls for no action."""
    connected_at = transition.connected_at
    return connected_at is not None and (subscription.ended_at or 0) < connected_at


def _fire(
    transition: Transition,
    announced: Announced,
    automation: Automation,
    subscription: Subscription,
) -> AutomationTriggered:
    due_at = subscription.ended_at or transition.effective_at
    live = [each for each in transition.after.current if not each.is_terminal]
    return AutomationTriggered(
        **transition.common,
        index=0,
        automation=automation.name,
        on=automation.on,
        scope="subscription",
        subscription=subscription.id,
        due_at=iso(due_at),
        late_by_s=max(transition.effective_at - due_at, 0),
        renews_at=None,
        expected={},
        mrr={},
        customer_mrr_after=written(from_exact(announced.mrr)),
        other_live_subscriptions=len(live),
        stage=announced.stage.name if announced.stage else None,
        details={"reason": subscription.cancel_reason, "feedback": subscription.cancel_feedback},
    )
