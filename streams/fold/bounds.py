"""Bounds of a row: what is dropped is chosen by content, never by arrival, and leaves its mark.

Source: docs/contract.md, "Rows and markers"; why the bounds are what they are: docs/order.md.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schemas.objects import Invoice, Subscription, Upcoming
from schemas.rows import Evicted, Facts, Sightings, SubscriptionFacts

ENDED_BYTES_MAX = 256 * 1024
"""What ended subscriptions may weigh together; a row of 512 KiB keeps the rest for live ones."""
MONTH_S = 30 * 86_400
HISTORY_MONTHS_MAX = 120
"""Months of statuses kept of one subscription; of each, every status with its ends."""
LIFE_BYTES_PER_MONTH = 128
"""What the history of a month of life is charged, be there few sightings or many."""
INVOICES_OF_ONE_MAX = 2
"""Invoices kept of each subscription; only its newest says how it is paid."""
KEPT_MAX = {
    "invoices": 256,
    "schedules": 128,
    "checkouts": 8,
    "discounts": 256,
    "coupons": 128,
    "prices": 256,
    "payment_methods": 64,
    "upcoming": 128,
}
"""How many objects of a kind are kept: the newest by (created, id)."""


def bounded(facts: Facts) -> Facts:
    """Drop what has no room; facts that fit come back as they are."""
    changes: dict[str, Any] = {}
    for place, limit in KEPT_MAX.items():
        things = getattr(facts, place)
        kept = _newest_of_each(things) if place == "invoices" else things
        if len(kept) > limit:
            kept = _newest(kept, limit)
        if len(kept) < len(things):
            changes[place] = kept
    return _without_old_ended(replace(facts, **changes) if changes else facts)


def digest_of(subscription: str) -> str:
    """Stands for an evicted subscription: short, and as good as never another's."""
    digest = hashlib.blake2b(subscription.encode(), digest_size=9).digest()
    return urlsafe_b64encode(digest).decode()


def _newest(things: Mapping[str, Sightings[Any]], limit: int) -> dict[str, Sightings[Any]]:
    def age(id_: str) -> tuple[int, str]:
        last = things[id_][-1]
        if isinstance(last.snapshot, Upcoming):
            return (last.at, id_)  # of what does not exist yet, by when it was last told
        return (last.snapshot.created_at, id_)

    return {id_: things[id_] for id_ in sorted(things, key=age)[-limit:]}


def _newest_of_each(invoices: Mapping[str, Sightings[Invoice]]) -> dict[str, Sightings[Invoice]]:
    by_subscription: dict[str | None, dict[str, Sightings[Invoice]]] = defaultdict(dict)
    for id_, sightings in invoices.items():
        by_subscription[sightings[-1].snapshot.subscription][id_] = sightings
    return {
        id_: sightings
        for those in by_subscription.values()
        for id_, sightings in _newest(those, INVOICES_OF_ONE_MAX).items()
    }


def _without_old_ended(facts: Facts) -> Facts:
    """Keep the newest ended subscriptions that fit, and none that is older than an evicted one.

    Weights only grow and ends do not move, so what has no room now never will; with the newest
    evicted end as a threshold this is the same for any order of records.
    """
    ended = {
        _end(entry.now): entry for entry in facts.subscriptions.values() if entry.now.is_terminal
    }
    cut, left = facts.evicted.cut, ENDED_BYTES_MAX
    gone = set[str]()
    for end in sorted(ended, reverse=True):
        left -= charge_of(ended[end])
        if left < 0 or end <= cut:
            cut, left = max(cut, end), -1
            gone.add(end[1])
    if not gone:
        return facts
    digests = {*facts.evicted.digests, *map(digest_of, gone)}
    subscriptions: dict[str, SubscriptionFacts] = {
        id_: entry for id_, entry in facts.subscriptions.items() if id_ not in gone
    }
    return replace(
        facts,
        subscriptions=subscriptions,
        evicted=Evicted(cut=cut, digests=tuple(sorted(digests))),
    )


def charge_of(entry: SubscriptionFacts) -> int:
    """Bytes that an ended subscription is charged: its largest sighting, and its months of life."""
    ended_at, _ = _end(entry.now)
    months = max(ended_at - entry.now.created_at, 0) // MONTH_S + 1 if entry.now.created_at else 1
    return entry.weight + LIFE_BYTES_PER_MONTH * min(months, HISTORY_MONTHS_MAX)


def _end(subscription: Subscription) -> tuple[int, str]:
    ended_at = subscription.ended_at or subscription.canceled_at or subscription.created_at
    return (ended_at, subscription.id)
