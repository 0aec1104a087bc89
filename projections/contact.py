"""Your own id of whom a Stripe customer stands for, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.rows import Facts
from schemas.settings import Contact
from schemas.updates import ContactRef


def contact_of(facts: Facts, customer: str, settings: Contact) -> ContactRef | str:
    """Find the contact; otherwise the closed word for why there is none."""
    if settings.match == "customer_id":
        found: str | None = customer
    elif settings.match == "email":
        found = facts.profile.email if facts.profile else None
    else:
        key = settings.match.removeprefix("metadata:")
        found = next((data[key] for data in _metadata(facts, settings) if data.get(key)), None)
    if found:
        return ContactRef(kind=settings.kind, id=found, create=settings.create_missing)
    if facts.profile is None:
        return "customer_not_seen"
    return "no_email" if settings.match == "email" else "no_metadata"


def _metadata(facts: Facts, settings: Contact) -> Iterator[Mapping[str, str]]:
    for place in settings.look_in:
        if place == "customer" and facts.profile:
            yield facts.profile.metadata
        if place == "subscription":
            yield from (subscription.metadata for subscription in facts.current)
