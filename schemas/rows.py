"""A customer's row: facts (a function of the set of records) and, apart, what was announced.

Times are Unix seconds as Stripe gives them. Source: docs/contract.md, "Rows and markers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

FOLD_VERSION = 1
"""Raised when the same records would give other facts: then a rebuild is due."""

TERMINAL_STATUSES = frozenset({"canceled", "incomplete_expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """Terms of a coupon; `percent_off` is exact decimal text, `amount_off` minor units."""

    id: str
    duration: str
    percent_off: str | None = None
    amount_off: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A discount in its order; `coupon` is None while its terms are not known."""

    id: str | None
    coupon: Coupon | None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a subscription; `unit_amount` is exact decimal text of minor units."""

    id: str
    price: str | None = None
    product: str | None = None
    currency: str | None = None
    quantity: int | None = None
    unit_amount: str | None = None
    interval: str | None = None
    interval_count: int = 1
    billing_scheme: str = "per_unit"
    usage_type: str = "licensed"
    divide_by: int | None = None
    round_up: bool = False
    current_period_end: int | None = None
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription as one event or object showed it: the whole of what we read of it."""

    id: str
    status: str
    created_at: int | None = None
    trial_end: int | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    cancel_reason: str | None = None
    cancel_feedback: str | None = None
    ended_at: int | None = None
    collection_pause: str | None = None
    collection_resumes_at: int | None = None
    current_period_end: int | None = None
    items: tuple[Item, ...] = ()
    has_more_items: bool = False
    discounts: tuple[Discount, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended for good: a terminal subscription never comes back."""
        return self.status in TERMINAL_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as one event or object showed it."""

    id: str
    name: str | None = None
    email: str | None = None
    currency: str | None = None
    created_at: int | None = None
    deleted: bool = False
    test_clock: str | None = None
    discounts: tuple[Discount, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_terminal(self) -> bool:
        """Whether it was deleted: Stripe never brings a deleted customer back."""
        return self.deleted


T = TypeVar("T", bound=Customer | Subscription)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts:
    """One subscription: sightings of its last second, the very last at the end.

    `statuses` is the last time of each status it ever had; `history` has, of each status and
    month, the first and the last sighting (time, status).
    """

    versions: tuple[Version[Subscription], ...] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
    history: tuple[tuple[int, str], ...] = ()

    @property
    def now(self) -> Subscription:
        """The subscription as it was last seen."""
        return self.versions[-1].snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the records say of one customer; the same for any order and repetition of them.

    `at` is the row's time: the newest event or tick. `seen` are the newest duplicate keys.
    """

    at: int = 0
    first_seen_at: int | None = None
    customer: tuple[Version[Customer], ...] = ()
    subscriptions: Mapping[str, SubscriptionFacts] = field(default_factory=dict)
    seen: tuple[str, ...] = ()

    @property
    def profile(self) -> Customer | None:
        """The customer as it was last seen; None while only its subscriptions are known."""
        return self.customer[-1].snapshot if self.customer else None

    @property
    def current(self) -> tuple[Subscription, ...]:
        """Every subscription as it was last seen, oldest first."""
        now = (entry.now for entry in self.subscriptions.values())
        return tuple(sorted(now, key=lambda each: (each.created_at or 0, each.id)))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The last values told and the triggers that fired; never recomputed from facts.

    `mrr` is exact text per currency; `has_earned` tells a reactivation from a new customer.
    """

    stage: AnnouncedStage | None = None
    mrr: Mapping[str, str] = field(default_factory=dict)
    has_earned: bool = False
    renewal: AnnouncedRenewal | None = None
    fired: tuple[str, ...] = ()
    settings_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All that is known of one customer and all that was said of it."""

    subject: str
    facts: Facts
    announced: Announced
    fold_version: int = FOLD_VERSION
