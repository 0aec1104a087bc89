"""Moments that a change of a living subscription brings. Source: docs/automations.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from projections.occasions import Occasion, is_fresh
from projections.renewals import course_of
from schemas.automations import Automation, Moment
from schemas.objects import Subscription
from schemas.times import iso, iso_or_none
from schemas.transitions import Transition

BEGUN = frozenset({"trialing", "active", "past_due"})
RENEWED = frozenset({"active", "past_due"})
Details = Mapping[str, str | None]


def changes(
    transition: Transition, automation: Automation, now: Subscription
) -> Iterator[Occasion]:
    """What changed for a subscription that goes on; of one that has ended nothing else is told."""
    entry = transition.before.subscriptions.get(now.id)
    known = entry.now if entry else None
    if now.is_terminal or (known and known.is_terminal):
        return
    if automation.on == "subscription_started":
        if _is_start(transition, known, now):
            yield Occasion(
                key="started", due_at=now.created_at or transition.effective_at, subscription=now
            )
        return
    # What was so already at the first sighting is no news.
    if known is None:
        return
    for on, details in (*_changed(known, now), *_dated(transition, known, now)):
        if on == automation.on:
            yield _occasion(transition, now, on, details)


def _occasion(transition: Transition, now: Subscription, on: Moment, details: Details) -> Occasion:
    is_end = on == "cancellation_scheduled"
    course = course_of(now, transition.after, transition.settings.business)
    until = now.cancel_at or course.access_until if is_end else None
    return Occasion(
        key=transition.common["cause"].event_id,
        due_at=transition.effective_at,
        subscription=now,
        until=until,
        is_kept=until is not None,
        details={**details, "access_until": iso_or_none(until)} if is_end else details,
    )


def _changed(before: Subscription, now: Subscription) -> Iterator[tuple[Moment, Details]]:
    if before.cancel_scheduled != now.cancel_scheduled:
        if now.cancel_scheduled:
            why = {"reason": now.cancel_reason, "feedback": now.cancel_feedback}
            yield "cancellation_scheduled", why
        else:
            yield "cancellation_revoked", {}
    if before.status == "trialing" and now.status == "active":
        yield "trial_converted", {"trial_end": iso_or_none(now.trial_end)}
    if _is_paused(before) != _is_paused(now):
        how = {"resumes_at": iso_or_none(now.collection_resumes_at)}
        yield ("subscription_paused", how) if _is_paused(now) else ("subscription_resumed", {})
    former, prices = _prices(before), _prices(now)
    if former and prices and former != prices:
        told = {"removed": former - prices, "added": prices - former}
        yield "plan_changed", {word: ",".join(sorted(ids)) for word, ids in told.items()}


def _dated(
    transition: Transition, before: Subscription, now: Subscription
) -> Iterator[tuple[Moment, Details]]:
    """Whether it was renewed, or will be at another time than was said."""
    business = transition.settings.business
    # By when it was seen so: the row's time may have gone on before this came.
    seen_at = transition.after.subscriptions[now.id].versions[-1].at
    at = transition.after.at if transition.clock else seen_at
    former = course_of(before, transition.before, business).renews_at
    date = course_of(now, transition.after, business).renews_at
    if former is None or date is None or former == date or before.status == "trialing":
        return
    if former > at:
        yield "renewal_rescheduled", {"previous": iso(former)}
    elif date > former and now.status in RENEWED:
        yield "subscription_renewed", {"previous": iso(former)}


def _is_start(transition: Transition, known: Subscription | None, now: Subscription) -> bool:
    """Whether it has begun, on trial or not, and not long before it was seen."""
    if now.status not in BEGUN or (known and known.status != "incomplete"):
        return False
    # A start may be backdated.
    began_at = now.created_at or now.start_date or 0
    is_old = (transition.connected_at or 0) > began_at
    return not is_old and is_fresh(transition, began_at)


def _is_paused(subscription: Subscription) -> bool:
    """Whether the subscription itself is paused, or the collection of its invoices."""
    return subscription.status == "paused" or subscription.collection_pause is not None


def _prices(subscription: Subscription) -> frozenset[str]:
    """The prices of its items; none where not all were shown, so that there is no telling."""
    if subscription.has_more_items:
        return frozenset()
    return frozenset(item.price for item in subscription.items if item.price is not None)
