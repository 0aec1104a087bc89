"""Triggers that hold no more before their date has come: it moved, or what it was about is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from projections.ahead import is_ahead
from projections.dates import BY_PERIOD
from projections.renewals import course_of
from schemas.automations import Automation
from schemas.rows import Fired
from schemas.times import iso_or_none
from schemas.transitions import Transition
from schemas.updates import AutomationSuperseded, Update

Reason = Literal["moved", "not_renewing", "over", "withdrawn"]


def superseded(
    transition: Transition, fired: Mapping[str, Fired]
) -> tuple[dict[str, Fired], list[Update]]:
    """What fired and still matters, and what there is to say of those that hold no more."""
    after = transition.after
    # A date that is over calls for nothing any more, and what was evicted has ended for good.
    kept = {
        key: each
        for key, each in fired.items()
        if (each.until is None or each.until > after.at)
        and (
            each.subscription in after.subscriptions
            if each.subscription
            else key.endswith(f"/{after.active_at}")
        )
    }
    updates: list[Update] = []
    rules = {each.name: each for each in transition.settings.automations}
    for key, each in list(kept.items()):
        rule = rules.get(each.automation)
        if each.until is None or each.skipped or each.superseded:
            continue
        if rule is None or rule.on != each.on:
            continue
        if reason := _reason(transition, rule, key, each):
            updates.append(_update(transition, key, each, reason))
            kept[key] = replace(each, superseded=True)
            if reason == "withdrawn":
                del kept[key]  # another cancellation has another key
    return kept, updates


def _reason(
    transition: Transition, automation: Automation, key: str, fired: Fired
) -> Reason | None:
    facts = transition.after
    entry = facts.subscriptions.get(fired.subscription or "")
    if entry is None:
        return None
    if automation.on == "cancellation_scheduled":
        is_going = entry.now.is_terminal or entry.now.cancel_scheduled
        return None if is_going else "withdrawn"
    if is_ahead(key, fired, facts, automation, transition.settings):
        return None
    is_trial_over = automation.on == "trial_ending" and entry.now.status != "trialing"
    if entry.now.is_terminal or is_trial_over:
        return "over"
    course = course_of(entry.now, facts, BY_PERIOD)
    return "not_renewing" if course.renews_at is None else "moved"


def _update(transition: Transition, key: str, fired: Fired, reason: Reason) -> AutomationSuperseded:
    dates = transition.standing.renewal.dates
    return AutomationSuperseded(
        **transition.common,
        index=0,
        automation=fired.automation,
        key=key,
        trigger=fired.id,
        subscription=fired.subscription,
        reason=reason,
        renews_at=iso_or_none(dates.get(fired.subscription or "")),
    )
