"""`evolve(facts, event) -> facts`: total, pure, and blind to the order and repetition of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

from schemas.codec import canonical
from schemas.events import Event, ObjectsSeen, TimePassed
from schemas.objects import (
    Checkout,
    Coupon,
    Customer,
    Discount,
    Invoice,
    Item,
    PaymentMethod,
    Price,
    Schedule,
    Subscription,
    Thing,
    Upcoming,
)
from schemas.rows import Facts, SubscriptionFacts, Version
from streams.fold.bounds import HISTORY_MONTHS_MAX, MONTH_S, bounded, digest_of
from streams.fold.order import join

SEEN_MAX = 64
DAY_S = 86_400
HISTORY_DAYS_MAX = 62
"""The same for its newest days: within a month a status may come back, and since when matters."""
Sighting = tuple[int, str, bool]
PLACES: dict[type[Thing], str] = {
    Invoice: "invoices",
    Upcoming: "upcoming",
    Schedule: "schedules",
    Checkout: "checkouts",
    Discount: "discounts",
    Coupon: "coupons",
    Price: "prices",
    PaymentMethod: "payment_methods",
}
"""Where facts keep the sightings of an object, by its id."""


def evolve(facts: Facts, event: Event) -> Facts:
    """Fold one event into a customer's facts. An event that adds nothing gives equal facts."""
    match event:
        case TimePassed(at=at):
            return replace(facts, at=max(facts.at, at))
        case ObjectsSeen():
            facts = _sighted(facts, event.happened_at, event.duplicate_key)
            if not event.is_fetched:
                # What we asked for ourselves is nothing that the customer did.
                facts = replace(facts, active_at=max(facts.active_at, event.happened_at))
            for version in event.versions:
                facts = _joined(facts, version, event.happened_at)
            return bounded(facts)
        case _:
            assert_never(event)


def is_duplicate(facts: Facts, event: Event) -> bool:
    """Whether this very event was folded before (as far back as the row remembers)."""
    return not isinstance(event, TimePassed) and event.duplicate_key in facts.seen


def _sighted(facts: Facts, at: int, duplicate_key: str) -> Facts:
    return replace(
        facts,
        at=max(facts.at, at),
        first_seen_at=_earlier(facts.first_seen_at, at),
        seen=_newest((*facts.seen, duplicate_key), SEEN_MAX),
    )


def _joined(facts: Facts, version: Version[Any], at: int) -> Facts:
    thing = version.snapshot
    if isinstance(thing, Customer):
        return _customer_joined(facts, version, at)
    if isinstance(thing, Subscription):
        return _subscription_joined(facts, version, at)
    if isinstance(thing, Invoice):
        facts = _paid(facts, thing, at)
    place = PLACES[type(thing)]
    known = getattr(facts, place)
    entries = {**known, thing.id: join(known.get(thing.id, ()), version)}
    changes: dict[str, Any] = {place: entries}
    return replace(facts, **changes)


def _customer_joined(facts: Facts, version: Version[Customer], at: int) -> Facts:
    """What only says that the customer was deleted shows nothing else of it."""
    if version.snapshot.deleted:
        facts = replace(facts, deleted_at=_earlier(facts.deleted_at, at))
    if version.snapshot.is_stub:
        return facts
    return replace(facts, customer=join(facts.customer, version))


def _subscription_joined(facts: Facts, version: Version[Subscription], at: int) -> Facts:
    seen = version.snapshot
    if digest_of(seen.id) in facts.evicted.digests:
        return facts
    known = facts.subscriptions.get(seen.id, SubscriptionFacts())
    entry = SubscriptionFacts(
        versions=join(known.versions, version),
        statuses={**known.statuses, seen.status: max(known.statuses.get(seen.status, 0), at)},
        history=_history((*known.history, (at, seen.status, _costs(seen)))),
        weight=max(known.weight, len(canonical(version))),
    )
    return replace(facts, subscriptions={**facts.subscriptions, seen.id: entry})


def _paid(facts: Facts, invoice: Invoice, at: int) -> Facts:
    """The first payment ever, by whichever invoice; one of nothing is none."""
    if invoice.status != "paid" or invoice.amount_paid <= 0:
        return facts
    return replace(facts, first_paid_at=_earlier(facts.first_paid_at, invoice.paid_at or at))


def _earlier(known: int | None, at: int) -> int:
    return at if known is None else min(known, at)


def _costs(subscription: Subscription) -> bool:
    """Whether its list price is more than nothing, or not known."""
    return not subscription.items or any(_item_costs(item) for item in subscription.items)


def _item_costs(item: Item) -> bool:
    if item.price is None:
        return True
    is_free = item.unit_amount is not None and not item.unit_amount.strip("-0.")
    return item.interval is not None and not is_free


def _history(entries: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Of each status the first and the last sighting of a month, and of a day for the newest days.

    Months and days are dropped whole, never sighting by sighting: only so it is blind to arrival.
    """
    by_month = _ends(entries, MONTH_S, HISTORY_MONTHS_MAX)
    return tuple(sorted(by_month | _ends(entries, DAY_S, HISTORY_DAYS_MAX)))


def _ends(entries: Sequence[Sighting], length_s: int, limit: int) -> set[Sighting]:
    stretches: dict[tuple[int, str, bool], list[int]] = defaultdict(list)
    for at, status, costs in entries:
        stretches[at // length_s, status, costs].append(at)
    kept = set(sorted({number for number, _, _ in stretches})[-limit:])
    return {
        (end, status, costs)
        for (number, status, costs), times in stretches.items()
        if number in kept
        for end in (min(times), max(times))
    }


def _newest(entries: tuple[str, ...], limit: int) -> tuple[str, ...]:
    """The greatest of a set: what is dropped is chosen by content, never by arrival."""
    return tuple(sorted(set(entries))[-limit:])
