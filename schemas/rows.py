"""A customer's row: facts (a function of the set of records) and, apart, what was announced.

Times are Unix seconds as Stripe gives them. Source: docs/contract.md, "Rows and markers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from schemas.objects import (
    Checkout,
    Coupon,
    Customer,
    Discount,
    Invoice,
    PaymentMethod,
    Price,
    Schedule,
    Subscription,
    Thing,
    Upcoming,
)

FOLD_VERSION = 3
"""Raised when the same records would give other facts: then a rebuild is due."""

T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Generic[T]):
    """One sighting of an object: what it showed, and what the event says it had been before.

    `prior` maps the fields that changed to the canonical JSON of their old values; it is what
    orders events of the same second.
    """

    at: int
    event_id: str
    event_type: str
    api_version: str
    snapshot: T
    prior: Mapping[str, str] = field(default_factory=dict)


Sightings = tuple[Version[T], ...]
"""The sightings of an object's last second, the very last at the end; never empty in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts:
    """One subscription: its last sightings, and what it ever was.

    `statuses` is the last time of each status it ever had; `history` has, of each status and
    whether it cost anything by its list price, the first and the last sighting of a month, and of
    a day for the newest days. `weight` is the size of its largest sighting in bytes: it only grows,
    so that a bound on it is blind to order.
    """

    versions: Sightings[Subscription] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
    history: tuple[tuple[int, str, bool], ...] = ()
    weight: int = 0

    @property
    def now(self) -> Subscription:
        """The subscription as it was last seen."""
        return self.versions[-1].snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Evicted:
    """Ended subscriptions that had no room: their digests, and the newest end among them.

    `cut` is (ended_at, id): what ended then or earlier has no room, whenever it comes.
    """

    cut: tuple[int, str] = (-1, "")
    digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the records say of one customer; the same for any order and repetition of them.

    `at` is the row's time: the newest event or tick; `active_at` that of the newest
    event. `seen` are the newest duplicate keys. `deleted_at` is when the customer was first seen to
    be deleted.
    Discounts, coupons and prices are kept by id beside the subscriptions: what one record leaves
    out, another may have shown. `upcoming` is by subscription.
    """

    at: int = 0
    active_at: int = 0
    first_seen_at: int | None = None
    first_paid_at: int | None = None
    deleted_at: int | None = None
    customer: Sightings[Customer] = ()
    subscriptions: Mapping[str, SubscriptionFacts] = field(default_factory=dict)
    evicted: Evicted = Evicted()
    invoices: Mapping[str, Sightings[Invoice]] = field(default_factory=dict)
    upcoming: Mapping[str, Sightings[Upcoming]] = field(default_factory=dict)
    schedules: Mapping[str, Sightings[Schedule]] = field(default_factory=dict)
    checkouts: Mapping[str, Sightings[Checkout]] = field(default_factory=dict)
    discounts: Mapping[str, Sightings[Discount]] = field(default_factory=dict)
    coupons: Mapping[str, Sightings[Coupon]] = field(default_factory=dict)
    prices: Mapping[str, Sightings[Price]] = field(default_factory=dict)
    payment_methods: Mapping[str, Sightings[PaymentMethod]] = field(default_factory=dict)
    seen: tuple[str, ...] = ()

    @property
    def profile(self) -> Customer | None:
        """The customer as it was last seen; None while only its subscriptions are known."""
        return self.customer[-1].snapshot if self.customer else None

    @property
    def current(self) -> tuple[Subscription, ...]:
        """Every subscription as it was last seen, oldest first."""
        now = (entry.now for entry in self.subscriptions.values())
        return tuple(sorted(now, key=lambda each: (each.created_at, each.id)))


def last_of(sightings: Mapping[str, Sightings[T]], id_: str | None) -> T | None:
    """An object as it was last seen; None where it never was."""
    found = sightings.get(id_) if id_ is not None else None
    return found[-1].snapshot if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedStage:
    """The stage that the world was told."""

    name: str
    since: int
    rule: str
    subscription: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedRenewal:
    """The renewal date that the world was told."""

    renews_at: int | None
    subscription: str | None
    access_until: int | None
    not_collected: bool
    retry_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedContact:
    """The contact that the world was told."""

    kind: str
    id: str
    create: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A moment that came: the update that told it, or that it was skipped.

    `until` is the date that it came before; when that is over it can never come again.
    """

    id: str
    automation: str
    on: str
    subscription: str | None
    until: int | None
    skipped: bool = False
    superseded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The last values told and the moments that came; never recomputed from facts.

    `mrr` is exact text per currency, `mrr_of` the same for each subscription that has any;
    `has_earned` tells a reactivation from a new customer; `fired` is by the moment's key.
    """

    contact: AnnouncedContact | None = None
    stage: AnnouncedStage | None = None
    mrr: Mapping[str, str] = field(default_factory=dict)
    mrr_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    has_earned: bool = False
    renewal: AnnouncedRenewal | None = None
    fired: Mapping[str, Fired] = field(default_factory=dict)
    settings_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All that is known of one customer and all that was said of it.

    `due_at` is when it next means something else by time alone, under the settings announced with;
    `clock` is the test clock of Stripe's that it lives by.
    """

    subject: str
    facts: Facts
    announced: Announced
    due_at: int | None = None
    clock: str | None = None
    fold_version: int = FOLD_VERSION
