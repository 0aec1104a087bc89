"""Moments that call for action, each told once or held back once. Source: docs/automations.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from projections.ahead import ahead
from projections.changes import changes
from projections.conditions import hold_for
from projections.ends import ends, losses
from projections.expected import expected_of
from projections.movings import movements, silence, stages
from projections.occasions import Occasion
from projections.payments import payments
from projections.spans import seconds
from projections.superseded import superseded
from schemas.automations import AHEAD, OF_MRR, TIMED, Automation
from schemas.money import Amount, from_exact, written
from schemas.objects import Subscription
from schemas.rows import Announced, Fired
from schemas.times import iso, iso_or_none
from schemas.transitions import Transition
from schemas.updates import AutomationSkipped, AutomationTriggered, Update, moment_id

LATE_S = 3_600
"""What comes later than this is late, for who would rather have nothing."""
ENDS = frozenset({"subscription_canceled", "trial_lost", "never_started"})
PAYMENTS = frozenset({"payment_failed", "payment_recovered"})
STAGES = frozenset({"stage_entered", "stage_left"})


def project_triggers(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Tell or hold back what has come, and say of what was told before that it holds no more.

    Comes after the other projections, so that `announced` holds the stage and MRR after the change.
    """
    fired, updates = superseded(transition, announced.fired)
    for automation in transition.settings.automations:
        for occasion in _occasions(transition, announced, automation):
            key = _key(automation, occasion)
            if key in fired or not _applies(transition, automation, occasion):
                continue
            update = _judged(transition, announced, automation, occasion)
            updates.append(update)
            if occasion.is_kept:
                fired[key] = Fired(
                    id=moment_id(transition.subject, update.TYPE, key),
                    automation=automation.name,
                    on=automation.on,
                    subscription=occasion.subscription.id
                    if occasion.subscription
                    else occasion.anchor,
                    until=occasion.until,
                    skipped=isinstance(update, AutomationSkipped),
                )
    return replace(announced, fired=fired), iter(updates)


def _occasions(
    transition: Transition, announced: Announced, automation: Automation
) -> Iterator[Occasion]:
    if automation.on == "customer_lost":
        yield from losses(transition, automation)
    elif automation.on in STAGES:
        yield from stages(transition, announced, automation)
    elif automation.on == "inactive_since":
        yield from silence(transition, announced, automation)
    elif automation.scope == "customer":
        yield from movements(transition, announced, automation, None)
    else:
        for subscription in transition.after.current:
            yield from _of_subscription(transition, announced, automation, subscription)


def _of_subscription(
    transition: Transition,
    announced: Announced,
    automation: Automation,
    subscription: Subscription,
) -> Iterator[Occasion]:
    if automation.on in AHEAD:
        return ahead(transition, automation, subscription)
    if automation.on in ENDS:
        return ends(transition, automation, subscription)
    if automation.on in PAYMENTS:
        return payments(transition, automation, subscription)
    if automation.on in OF_MRR:
        return movements(transition, announced, automation, subscription)
    return changes(transition, automation, subscription)


def _applies(transition: Transition, automation: Automation, occasion: Occasion) -> bool:
    """Whether its conditions hold as this record leaves the subscription, or one of them."""
    return hold_for(
        automation.when, transition.after, transition.standing.mrr, occasion.subscription
    )


def _key(automation: Automation, occasion: Occasion) -> str:
    """What names the moment for ever: the rule, what it is about, and which one."""
    about = occasion.subscription.id if occasion.subscription else "customer"
    return f"{automation.name}/{about}/{occasion.key}"


def _judged(
    transition: Transition, announced: Announced, automation: Automation, occasion: Occasion
) -> AutomationTriggered | AutomationSkipped:
    rule = transition.in_force.rule(automation.name)
    about: dict[str, Any] = {
        **transition.common,
        "index": 0,
        "automation": automation.name,
        "rule_version": rule.version,
        "key": _key(automation, occasion),
        "on": automation.on,
        "scope": automation.scope,
        "subscription": occasion.subscription.id if occasion.subscription else None,
        "due_at": iso(occasion.due_at),
        "late_by_s": max(transition.now - occasion.due_at, 0),
    }
    # Since when a rule reads so is the log's time: no moment by a test clock compares with it.
    since = 0 if transition.clock else rule.since
    reason = _held(transition, automation, occasion, since=since)
    if reason:
        return AutomationSkipped(**about, reason=reason)
    return _trigger(transition, announced, occasion, about)


def _held(
    transition: Transition, automation: Automation, occasion: Occasion, *, since: int
) -> str | None:
    """Why nobody shall act on it, in a closed word; None when it is to be told."""
    now, until = transition.now, occasion.until
    # A change that comes by itself is news whenever it happened; what was caught up may be old.
    is_news = automation.on not in TIMED and transition.common["origin"] == "live"
    # A date that moved so near that its moment was past is dealt with at once: that is not late.
    late_s = now - max(occasion.due_at, transition.effective_at)
    useful_s = seconds(automation.useful_until) if automation.useful_until else late_s
    reasons = (
        (occasion.held is not None, str(occasion.held)),
        (occasion.due_at < since and not is_news, "before_rule"),
        (until is not None and until <= now, "too_late"),
        (automation.late == "skip" and late_s > LATE_S, "late"),
        (late_s > useful_s, "not_useful_any_more"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _expected(transition: Transition, subscription: Subscription | None) -> dict[str, Amount]:
    """What will be charged at the renewal; nothing where none comes or it cannot be known."""
    date = transition.standing.renewal.dates.get(subscription.id) if subscription else None
    if subscription is None or date is None:
        return {}
    return written(expected_of(transition.after, subscription, transition.settings, date))


def _trigger(
    transition: Transition, announced: Announced, occasion: Occasion, about: Mapping[str, Any]
) -> AutomationTriggered:
    standing, subscription = transition.standing, occasion.subscription
    id_ = subscription.id if subscription else ""
    others = [each for each in transition.after.current if each.id != id_]
    worth = standing.mrr.by_subscription.get(id_, {}) if subscription else standing.mrr.total
    if subscription and subscription.is_terminal:
        # What has ended is worth nothing any more: what it was worth is what was lost.
        worth = from_exact(transition.announced.mrr_of.get(id_, {}))
    cause = transition.common["cause"].event_id
    shown = transition.after.subscriptions[id_].versions[-1].event_id if subscription else cause
    return AutomationTriggered(
        **about,
        causes=tuple(dict.fromkeys((cause, shown))),
        renews_at=iso_or_none(
            standing.renewal.dates.get(id_) if subscription else standing.renewal.renews_at
        ),
        expected=_expected(transition, subscription),
        mrr=written(worth),
        customer_mrr_after=written(from_exact(announced.mrr)),
        other_live_subscriptions=sum(not each.is_terminal for each in others),
        stage=announced.stage.name if announced.stage else None,
        details=dict(occasion.details),
    )
