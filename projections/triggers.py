"""Automation triggers: moments that call for action, each told once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from projections.timeline import timeline
from schemas.money import from_exact, written
from schemas.objects import Subscription
from schemas.rows import Announced, Facts
from schemas.settings import Automation
from schemas.times import iso
from schemas.transitions import Transition
from schemas.updates import AutomationTriggered, Update

NEVER_STARTED = frozenset({"trialing", "paused", "incomplete", "incomplete_expired", "canceled"})
"""Statuses that by themselves do not say that it was ever paid for."""


def project_triggers(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Fire what has become due and was not fired before; what was over before stays silent.

    Comes after the other projections, so that `announced` holds the stage and MRR after the change.
    An automation that is new fires for nothing that was known to be over already.
    """
    after = transition.after
    # What was evicted has ended for good, and fires no more.
    fired = {key for key in announced.fired if key.rpartition("/")[2] in after.subscriptions}
    updates: list[Update] = []
    for automation in transition.settings.automations:
        for subscription in after.current:
            key = f"{automation.name}/{subscription.id}"
            is_news = not _was_canceled(transition.before, subscription.id)
            if key in fired or not is_news or not _was_canceled(after, subscription.id):
                continue
            fired.add(key)
            if not _was_over(transition, subscription):
                updates.append(_fire(transition, announced, automation, subscription))
    return replace(announced, fired=tuple(sorted(fired))), iter(updates)


def _was_canceled(facts: Facts, subscription: str) -> bool:
    """Whether it ended after it may have been paid: a lost trial is no cancellation."""
    entry = facts.subscriptions.get(subscription)
    if entry is None or entry.now.status != "canceled":
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
