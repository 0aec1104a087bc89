"""Our events: what a record says of one customer, in words of no particular API version."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.rows import Customer, Subscription, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSeen:
    """The customer looks like this (Stripe sends whole snapshots, not differences)."""

    version: Version[Customer]
    duplicate_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSeen:
    """One of the customer's subscriptions looks like this."""

    version: Version[Subscription]
    duplicate_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """The clock reached a moment that was due for this customer."""

    at: int


Event = CustomerSeen | SubscriptionSeen | TimePassed
