"""Renewal date: when the customer is next charged, or null when no subscription will renew.

Source: Stripe's documentation of periods, trials, pauses, schedules and cancellation;
docs/renewals.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Literal

from schemas.objects import Subscription
from schemas.rows import Announced, AnnouncedRenewal, Facts, last_of
from schemas.settings import Business, BusinessSettings
from schemas.standing import MrrView, RenewalView
from schemas.times import YEAR_10000, iso, iso_or_none
from schemas.transitions import Transition
from schemas.updates import OtherRenewal, RenewalChanged, Update

RENEWING_STATUSES = frozenset({"active", "past_due", "trialing"})
LIVE_STATUSES = RENEWING_STATUSES | {"unpaid", "paused"}
UNIX_SECONDS = re.compile(r"\d{9,11}")
NOTHING = AnnouncedRenewal(
    renews_at=None, subscription=None, access_until=None, not_collected=False
)
Reason = Literal["started", "renewed", "rescheduled", "not_renewing", "ended", "collection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What becomes of one subscription: it renews, or it has a scheduled end, or neither."""

    renews_at: int | None = None
    access_until: int | None = None


def renewal_of(facts: Facts, settings: BusinessSettings, mrr: MrrView) -> RenewalView:
    """Find the customer's next renewal."""
    courses = {each.id: course_of(each, facts, settings.business) for each in facts.current}
    dated = {each: it.renews_at for each, it in courses.items() if it.renews_at is not None}
    retry_at = _retry_at(facts)
    deciding = _deciding(facts, settings.business, courses)
    first = _first({each: dated[each] for each in deciding if each in dated}, facts, settings, mrr)
    others = tuple((each, at) for each, at in sorted(dated.items(), key=_by_date) if each != first)
    if first is not None:
        return RenewalView(
            renews_at=dated[first],
            subscription=first,
            others=others,
            not_collected=is_uncollected(facts.subscriptions[first].now, dated[first]),
            retry_at=retry_at,
        )
    ends = [(end, each) for each in deciding if (end := courses[each].access_until) is not None]
    end, subscription = max(ends, default=(None, None))
    return RenewalView(
        subscription=subscription, others=others, access_until=end, retry_at=retry_at
    )


def course_of(subscription: Subscription, facts: Facts, business: Business) -> Course:
    """Say when one subscription renews, or until when it lasts if it will not."""
    if subscription.status not in RENEWING_STATUSES:
        is_live = subscription.status in LIVE_STATUSES
        return Course(access_until=subscription.cancel_at if is_live else None)
    period_end = _period_end(subscription, at=facts.at)
    end = _scheduled_end(subscription, facts, period_end)
    if subscription.cancel_at_period_end:
        return Course(access_until=end)
    if end is not None and (period_end is None or end <= period_end):
        return Course(access_until=end)
    return Course(renews_at=_date(subscription, business, period_end))


def project_renewals(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Tell that the next renewal is at another time, or that there is none any more."""
    view = transition.standing.renewal
    now = AnnouncedRenewal(
        renews_at=view.renews_at,
        subscription=view.subscription,
        access_until=view.access_until,
        not_collected=view.not_collected,
        retry_at=view.retry_at,
    )
    before = announced.renewal or NOTHING
    told = replace(announced, renewal=now)
    if now == before:
        return told, iter(())
    update = RenewalChanged(
        **transition.common,
        index=0,
        previous=iso_or_none(before.renews_at),
        renews_at=iso_or_none(view.renews_at),
        subscription=view.subscription,
        others=tuple(
            OtherRenewal(subscription=each, renews_at=iso(at)) for each, at in view.others
        ),
        access_until=iso_or_none(view.access_until),
        not_collected=view.not_collected,
        retry_at=iso_or_none(view.retry_at),
        reason=_reason(before, now, at=transition.effective_at),
    )
    return told, iter((update,))


def _period_end(subscription: Subscription, *, at: int) -> int | None:
    """The next moment at which Stripe makes an invoice, were nothing scheduled."""
    if subscription.status == "trialing" and subscription.trial_end is not None:
        return subscription.trial_end
    ends = [item.current_period_end for item in subscription.items]
    # An item's own trial that is over says nothing about what comes next.
    trials = [item.trial_end for item in subscription.items if (item.trial_end or 0) >= at]
    known = [end for end in (*ends, *trials) if end is not None]
    return min(known, default=subscription.current_period_end)


def _scheduled_end(subscription: Subscription, facts: Facts, period_end: int | None) -> int | None:
    """The earliest end that is set: by the subscription itself or by its schedule."""
    own = subscription.cancel_at
    if own is None and subscription.cancel_at_period_end:
        own = period_end
    schedule = last_of(facts.schedules, subscription.schedule)
    ends = [own]
    if schedule and not schedule.is_final and schedule.end_behavior == "cancel":
        ends += [phase.end for phase in schedule.phases[-1:]]
    return min((end for end in ends if end is not None), default=None)


def _date(subscription: Subscription, business: Business, period_end: int | None) -> int | None:
    """The date that the settings call the renewal, of a subscription that will renew."""
    if business.renewal_date == "trial_end":
        return subscription.trial_end if subscription.status == "trialing" else None
    if business.renewal_date.startswith("metadata:"):
        key = business.renewal_date.removeprefix("metadata:")
        return read_time(subscription.metadata.get(key, ""))
    return period_end


def read_time(text: str) -> int | None:
    """Read ISO 8601 (a date is its midnight, UTC unless it says otherwise) or Unix seconds."""
    text = text.strip()
    if UNIX_SECONDS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < YEAR_10000 else None


def is_uncollected(subscription: Subscription, renews_at: int) -> bool:
    """Whether the collection of what falls due then is paused, in whichever way."""
    resumes_at = subscription.collection_resumes_at
    is_over = resumes_at is not None and resumes_at <= renews_at
    return subscription.collection_pause is not None and not is_over


def _deciding(facts: Facts, business: Business, courses: Mapping[str, Course]) -> list[str]:
    """The subscriptions among which the customer's renewal is found."""
    if business.renewal_of != "primary":
        return list(courses)
    main = [
        each.id
        for each in facts.current
        if each.status in LIVE_STATUSES and business.is_primary(each.metadata)
    ]
    return main or list(courses)


def _first(
    dated: Mapping[str, int], facts: Facts, settings: BusinessSettings, mrr: MrrView
) -> str | None:
    """Whose renewal is the customer's; None when there is none."""
    earliest = [each for each, _ in sorted(dated.items(), key=_by_date)]
    if settings.business.renewal_of != "largest" or not earliest:
        return next(iter(earliest), None)
    worth = {each: mrr.by_subscription.get(each, {}) for each in earliest}
    earning = {money for amounts in worth.values() for money, it in amounts.items() if it > 0}
    own = facts.profile.currency if facts.profile else None
    # Amounts of two currencies are never compared: one of them is chosen, by the same rule always.
    currency = min(earning, key=lambda money: (money != own, money), default="")
    return max(earliest, key=lambda each: worth[each].get(currency, Fraction()))


def _by_date(entry: tuple[str, int]) -> tuple[int, str]:
    subscription, at = entry
    return at, subscription


def _retry_at(facts: Facts) -> int | None:
    """When Stripe next tries to collect the newest open invoice of a subscription that renews."""
    renewing = {each.id for each in facts.current if each.status in RENEWING_STATUSES}
    invoices = (sightings[-1].snapshot for sightings in facts.invoices.values())
    still_open = [it for it in invoices if it.status == "open" and it.subscription in renewing]
    newest = max(still_open, key=lambda each: (each.created_at, each.id), default=None)
    return newest.next_attempt_at if newest else None


def _reason(before: AnnouncedRenewal, now: AnnouncedRenewal, *, at: int) -> Reason:
    dates = (now.renews_at, now.subscription, now.access_until)
    if dates == (before.renews_at, before.subscription, before.access_until):
        return "collection"
    if now.renews_at is None:
        return "ended" if now.access_until is None else "not_renewing"
    if before.renews_at is None:
        # An end that was withdrawn starts nothing.
        is_withdrawn = before.access_until is not None and before.subscription == now.subscription
        return "rescheduled" if is_withdrawn else "started"
    if now.renews_at > before.renews_at and at >= before.renews_at:
        return "renewed"
    return "rescheduled"
