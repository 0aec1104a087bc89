"""Facts built by hand, for what is a function of facts alone: no pipeline, no wire format."""

from __future__ import annotations

from typing import Any

from build import BASIC, START
from schemas.objects import Checkout, Customer, Invoice, Item, Phase, Price, Schedule, Subscription
from schemas.rows import Facts, SubscriptionFacts, Version


def version(snapshot: Any, at: int = START) -> Version[Any]:
    return Version(at=at, event_id="evt", event_type="t", api_version="v", snapshot=snapshot)


def sub(id_: str = BASIC, status: str = "active", **more: Any) -> Subscription:
    items = more.pop("items", (Item(id="si_1", price="price_1"),))
    return Subscription(
        id=id_, status=status, items=items, **{"created_at": START, "currency": "usd", **more}
    )


def entry(now: Subscription, *seen: Any, at: int | None = None) -> SubscriptionFacts:
    """A subscription as it is now, seen before as `(at, status)` or `(at, status, costs)`."""
    history = [(*each, True)[:3] for each in seen] or [(START, now.status, True)]
    statuses: dict[str, int] = {}
    for when, status, _ in history:
        statuses[status] = max(when, statuses.get(status, 0))
    last = max(when for when, _, _ in history) if at is None else at
    return SubscriptionFacts(
        versions=(version(now, last),), statuses=statuses, history=tuple(sorted(history))
    )


def facts(*entries: SubscriptionFacts | Subscription, **more: Any) -> Facts:
    """A customer's facts; `invoices`, `schedules` and so on are given as objects."""
    all_of = [entry(each) if isinstance(each, Subscription) else each for each in entries]
    things = {
        place: {each.id: (version(each),) for each in more.pop(place, ())}
        for place in ("invoices", "schedules", "checkouts")
    }
    profile = more.pop("profile", None)
    return Facts(
        subscriptions={each.now.id: each for each in all_of},
        customer=(version(profile),) if profile else (),
        **{"at": START, **things, **more},
    )


__all__ = [
    "Checkout",
    "Customer",
    "Facts",
    "Invoice",
    "Item",
    "Phase",
    "Price",
    "Schedule",
    "entry",
    "facts",
    "sub",
    "version",
]
