"""Moments that call for action, each told once. Source: docs/automations.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from projections.ahead import ahead, is_past
from projections.changes import changes
from projections.conditions import Considered, matches
from projections.ends import was_canceled, was_over
from schemas.money import from_exact, written
from schemas.objects import Subscription
from schemas.rows import Announced
from schemas.settings import AHEAD, Automation
from schemas.standing import Standing
from schemas.times import iso, iso_or_none
from schemas.transitions import Transition
from schemas.updates import AutomationTriggered, Update

ONCE = AHEAD | {"subscription_canceled"}
"""Moments that come once for their key; all others come with each change."""


def project_triggers(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Fire what has become due and was not fired before; what was over before stays silent.

    Comes after the other projections, so that `announced` holds the stage and MRR after the change.
    An automation that is new fires for nothing that was known to be past already.
    """
    after = transition.after
    # What was evicted has ended for good, and a date that is over calls for nothing any more.
    kept = (key for key in announced.fired if key.rpartition("/")[2] in after.subscriptions)
    fired = {key for key in kept if not is_past(key, at=after.at)}
    updates: list[Update] = []
    for automation in transition.settings.automations:
        for subscription in after.current:
            for key, due_at in _due(transition, automation, subscription):
                if key in fired:
                    continue
                if automation.on in ONCE:
                    fired.add(key)
                updates.append(_fire(transition, announced, automation, subscription, due_at))
    return replace(announced, fired=tuple(sorted(fired))), iter(updates)


def _due(
    transition: Transition, automation: Automation, subscription: Subscription
) -> Iterator[tuple[str, int]]:
    """The moments of one subscription that this record brought: their keys, and when they came."""
    if automation.when and not _holds(transition, automation, subscription):
        return
    key = f"{automation.name}/{subscription.id}"
    if automation.on in AHEAD:
        yield from ahead(transition, automation, subscription)
    elif automation.on == "subscription_canceled":
        is_news = was_canceled(transition.after, subscription.id) and not was_canceled(
            transition.before, subscription.id
        )
        if is_news and not was_over(transition, subscription):
            yield key, subscription.ended_at or transition.effective_at
    else:
        # What was so already at the first sighting is no news.
        known = transition.before.subscriptions.get(subscription.id)
        if known and automation.on in changes(known.now, subscription):
            yield key, transition.effective_at


def _holds(transition: Transition, automation: Automation, subscription: Subscription) -> bool:
    """Whether its conditions hold, with the subscription as this record leaves it."""
    considered = Considered(
        entry=transition.after.subscriptions[subscription.id],
        status=subscription.status,
        facts=transition.after,
        mrr=transition.standing.mrr,
    )
    return automation.when is None or matches(automation.when, considered)


def _fire(
    transition: Transition,
    announced: Announced,
    automation: Automation,
    subscription: Subscription,
    due_at: int,
) -> AutomationTriggered:
    standing = transition.standing
    others = [each for each in transition.after.current if each.id != subscription.id]
    # What has ended is worth nothing any more: what it was worth is what was lost.
    lost = from_exact(transition.announced.mrr_of.get(subscription.id, {}))
    worth = standing.mrr.by_subscription.get(subscription.id, {})
    return AutomationTriggered(
        **transition.common,
        index=0,
        automation=automation.name,
        on=automation.on,
        scope="subscription",
        subscription=subscription.id,
        due_at=iso(due_at),
        late_by_s=max(transition.effective_at - due_at, 0),
        renews_at=iso_or_none(standing.renewal.dates.get(subscription.id)),
        expected={},
        mrr=written(lost if subscription.is_terminal else worth),
        customer_mrr_after=written(from_exact(announced.mrr)),
        other_live_subscriptions=sum(not each.is_terminal for each in others),
        stage=announced.stage.name if announced.stage else None,
        details=_details(automation, subscription, standing),
    )


def _details(
    automation: Automation, subscription: Subscription, standing: Standing
) -> dict[str, str | None]:
    if automation.on == "trial_ending":
        return {"trial_end": iso_or_none(subscription.trial_end)}
    if automation.on == "renewal_upcoming":
        return {}
    why = {"reason": subscription.cancel_reason, "feedback": subscription.cancel_feedback}
    if automation.on == "cancellation_scheduled":
        end = standing.renewal.access_until if subscription.cancel_at is None else None
        return {**why, "access_until": iso_or_none(subscription.cancel_at or end)}
    return why
