"""Renewal date: when the customer is next charged, or null when no subscription will renew.

Source: Stripe's documentation of periods, trials, pauses and cancellation; docs/renewals.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from schemas.rows import Announced, AnnouncedRenewal, Facts, Subscription
from schemas.times import iso, iso_or_none
from schemas.transitions import Transition
from schemas.updates import OtherRenewal, RenewalChanged, Update

RENEWING_STATUSES = frozenset({"active", "past_due", "trialing"})
LIVE_STATUSES = RENEWING_STATUSES | {"unpaid", "paused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalView:
    """The customer's earliest renewal, whose it is, and the other subscriptions' dates.

    `access_until` is the latest scheduled end among subscriptions that will not renew, told only
    when none will. `not_collected`: the renewal falls in a pause of collection.
    """

    renews_at: int | None = None
    subscription: str | None = None
    others: tuple[tuple[str, int], ...] = ()
    access_until: int | None = None
    not_collected: bool = False


def renewal_of(facts: Facts) -> RenewalView:
    """Find the customer's next renewal."""
    dated = {each.id: at for each in facts.current if (at := renewal_of_one(each)) is not None}
    if dated:
        first, *others = sorted(dated, key=lambda subscription: (dated[subscription], subscription))
        return RenewalView(
            renews_at=dated[first],
            subscription=first,
            others=tuple((other, dated[other]) for other in others),
            not_collected=facts.subscriptions[first].now.collection_pause is not None,
        )
    ends = [(end, each.id) for each in facts.current if (end := _access_until(each)) is not None]
    if not ends:
        return RenewalView()
    end, subscription = max(ends)
    return RenewalView(subscription=subscription, access_until=end)


def renewal_of_one(subscription: Subscription) -> int | None:
    """When one subscription renews; None when it will not."""
    if subscription.status not in RENEWING_STATUSES:
        return None
    at = _period_end(subscription)
    if at is None or subscription.cancel_at_period_end:
        return None
    if subscription.cancel_at is not None and subscription.cancel_at <= at:
        return None
    return at


def project_renewals(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Tell that the next renewal is at another time, or that there is none any more."""
    view = renewal_of(transition.after)
    now = AnnouncedRenewal(
        renews_at=view.renews_at,
        subscription=view.subscription,
        access_until=view.access_until,
        not_collected=view.not_collected,
    )
    before = announced.renewal
    told = replace(announced, renewal=now)
    nothing = AnnouncedRenewal(
        renews_at=None, subscription=None, access_until=None, not_collected=False
    )
    if now == (before or nothing):
        return told, iter(())
    update = RenewalChanged(
        **transition.common,
        index=0,
        previous=iso_or_none(before.renews_at if before else None),
        renews_at=iso_or_none(view.renews_at),
        subscription=view.subscription,
        others=tuple(
            OtherRenewal(subscription=each, renews_at=iso(at)) for each, at in view.others
        ),
        access_until=iso_or_none(view.access_until),
        not_collected=view.not_collected,
        retry_at=None,
        reason=_reason(before or nothing, now, at=transition.effective_at),
    )
    return told, iter((update,))


def _period_end(subscription: Subscription) -> int | None:
    if subscription.status == "trialing" and subscription.trial_end is not None:
        return subscription.trial_end
    return subscription.current_period_end


def _access_until(subscription: Subscription) -> int | None:
    if subscription.status not in LIVE_STATUSES:
        return None
    if subscription.cancel_at is not None:
        return subscription.cancel_at
    return _period_end(subscription) if subscription.cancel_at_period_end else None


Reason = Literal["started", "renewed", "rescheduled", "not_renewing", "ended", "collection"]


def _reason(before: AnnouncedRenewal, now: AnnouncedRenewal, *, at: int) -> Reason:
    if now.renews_at is None:
        return "ended" if now.access_until is None else "not_renewing"
    if before.renews_at is None:
        return "started"
    if now.renews_at == before.renews_at and now.subscription == before.subscription:
        return "collection"
    if now.renews_at > before.renews_at and at >= before.renews_at:
        return "renewed"
    return "rescheduled"
