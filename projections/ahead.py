"""Moments some time before a date: a renewal that comes up, a trial that ends.

They fire when they are crossed: by a tick, by an event that shows a later time, or by a date that
moved so near that they are past already. Source: docs/automations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projections.dates import Date, dates_of
from projections.occasions import Occasion
from projections.spans import before, seconds
from schemas.automations import Automation
from schemas.objects import Subscription
from schemas.rows import Facts, Fired
from schemas.settings import BusinessSettings
from schemas.times import iso
from schemas.transitions import Transition

ZONES_APART_S = 26 * 3_600
"""How far one local time of two zones can lie apart."""
DETAILS = {
    "renewal_upcoming": (),
    "trial_ending": ("trial_end",),
    "discount_ending": ("discount_end", "discount"),
    "payment_method_expiring": ("payment_method_end", "payment_method"),
}
"""What the details call a date, and what it is of; the date of a renewal has its own field."""


class Moment(NamedTuple):
    """A moment some time before a date; `of` tells dates of one subscription apart."""

    span: str
    due_at: int
    date: int
    of: str

    @property
    def key(self) -> str:
        """What names it among all of its rule and subscription."""
        return "/".join(filter(None, (self.span, str(self.date), self.of)))


def ahead(
    transition: Transition, automation: Automation, subscription: Subscription
) -> Iterator[Occasion]:
    """The moments before the subscription's dates that this record brought."""
    former_facts, after = transition.before, transition.after
    known = former_facts.subscriptions.get(subscription.id)
    former = dates_of(former_facts, known.now, automation, transition.settings) if known else {}
    reached, is_fetched = _reached(transition), transition.connected_at is not None
    for moment in moments(after, subscription, automation, transition.settings):
        if moment.due_at > after.at or moment.date <= after.at:
            continue
        was_armed = moment.of in former and former[moment.of].at == moment.date
        if not was_armed or moment.due_at > reached:
            # Somebody else may have acted on it.
            is_first = known is None or (moment.of not in former and is_fetched)
            said = (iso(moment.date), moment.of)
            yield Occasion(
                key=moment.key,
                due_at=moment.due_at,
                subscription=subscription,
                until=moment.date,
                is_kept=True,
                held="past_at_first_sight" if is_first else None,
                details=dict(zip(DETAILS[automation.on], said, strict=False)),
            )


def _reached(transition: Transition) -> int:
    """The time before which moments have come already.

    Where another zone is newer than the row's time, a moment that was to come may be past by now.
    What has come before is known by its key.
    """
    at, zone_since = transition.before.at, transition.in_force.zone_since
    return at if transition.clock or zone_since < at else at - ZONES_APART_S


def moments(
    facts: Facts, subscription: Subscription, automation: Automation, settings: BusinessSettings
) -> Iterator[Moment]:
    """All moments that the automation has before the subscription's date, whenever they are."""
    zone = settings.business.time_zone
    for of, date in dates_of(facts, subscription, automation, settings).items():
        for span in automation.before:
            due_at = before(date.at, span, zone=zone, at=automation.at)
            is_armed = automation.even_if_short or _is_well_within(seconds(span), date)
            if is_armed and due_at < date.at:
                yield Moment(span, due_at, date.at, of)


def is_ahead(
    key: str, fired: Fired, facts: Facts, automation: Automation, settings: BusinessSettings
) -> bool:
    """Whether the date that a moment came before is still the one."""
    entry = facts.subscriptions.get(fired.subscription or "")
    dates = dates_of(facts, entry.now, automation, settings) if entry else {}
    return any(
        date.at == fired.until and key.endswith(f"/{of}" if of else f"/{date.at}")
        for of, date in dates.items()
    )


def _is_well_within(span_s: int, date: Date) -> bool:
    """Whether it is shorter than half the period: who pays monthly is not reminded on that day."""
    return date.length_s is None or 2 * span_s < date.length_s
