"""Stripe's objects in our words: what we read of them, and no others' words for it.

Times are Unix seconds, amounts exact decimal text or whole numbers of minor units, references ids.
Each class says when a sighting is *final*: then no later sighting that is not can outweigh it.
Source: Stripe API reference, 2017 to 2026-10-28.endive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TERMINAL_STATUSES = frozenset({"canceled", "incomplete_expired"})
CLOSED_INVOICES = frozenset({"paid", "void", "deleted"})
CLOSED_SCHEDULES = frozenset({"completed", "released", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """Terms of a coupon, which never change; `percent_off` is exact decimal text.

    `amounts_off` are its amounts in other currencies (`currency_options`); `products` those that it
    applies to, None for all. Stripe shows both only when asked to, and then the coupon is whole.
    """

    id: str
    duration: str
    percent_off: str | None = None
    amount_off: int | None = None
    currency: str | None = None
    amounts_off: Mapping[str, int] = field(default_factory=dict)
    products: tuple[str, ...] | None = None
    is_whole: bool = False
    created_at: int = 0

    @property
    def is_final(self) -> int:
        """How much it shows of what only asking shows: more outweighs less, terms never change."""
        return 2 * self.is_whole + bool(self.products or self.amounts_off)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A redeemed coupon: of a subscription, of one item, or of the customer when of neither."""

    id: str
    coupon: str | None = None
    subscription: str | None = None
    item: str | None = None
    start: int | None = None
    end: int | None = None
    is_deleted: bool = False

    @property
    def is_final(self) -> bool:
        """Whether it was taken away: a discount never comes back under its id."""
        return self.is_deleted

    @property
    def created_at(self) -> int:
        """When it was redeemed."""
        return self.start or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One tier; `up_to` is inclusive, None for the last. Amounts are exact decimal text."""

    up_to: int | None
    unit_amount: str | None = None
    flat_amount: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyOption:
    """What a price costs in another currency than its own."""

    unit_amount: str | None = None
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What webhooks leave out of a price: tiers, other currencies; and its nickname of late."""

    id: str
    nickname: str | None = None
    tiers_mode: str | None = None
    tiers: tuple[Tier, ...] = ()
    options: Mapping[str, CurrencyOption] = field(default_factory=dict)
    created_at: int = 0

    @property
    def is_final(self) -> int:
        """How much it shows of what only asking shows: more outweighs less, it never changes."""
        return bool(self.tiers) + bool(self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a subscription; `unit_amount` is exact decimal text of minor units.

    `tax_included` are the percentages of its inclusive tax rates, None where the item names none
    and the subscription's count; `trial_end` ends its own trial offer; `discounts` are ids.
    """

    id: str
    price: str | None = None
    product: str | None = None
    nickname: str | None = None
    currency: str | None = None
    quantity: int | None = None
    unit_amount: str | None = None
    interval: str | None = None
    interval_count: int = 1
    billing_scheme: str = "per_unit"
    usage_type: str = "licensed"
    divide_by: int | None = None
    round_up: bool = False
    tax_behavior: str | None = None
    tax_included: tuple[str, ...] | None = None
    trial_end: int | None = None
    current_period_end: int | None = None
    discounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription as one event or object showed it: the whole of what we read of it.

    `discounts` are ids in Stripe's order; `tax_included` the percentages of its inclusive default
    tax rates; `pause_reason` and `paused_at` are of status `paused`, `collection_pause` is
    `pause_collection.behavior`, which leaves the status as it is.
    """

    id: str
    status: str
    created_at: int = 0
    start_date: int | None = None
    currency: str | None = None
    trial_end: int | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    cancel_reason: str | None = None
    cancel_feedback: str | None = None
    ended_at: int | None = None
    collection_pause: str | None = None
    collection_resumes_at: int | None = None
    pause_reason: str | None = None
    paused_at: int | None = None
    current_period_end: int | None = None
    items: tuple[Item, ...] = ()
    has_more_items: bool = False
    discounts: tuple[str, ...] = ()
    tax_included: tuple[str, ...] = ()
    schedule: str | None = None
    latest_invoice: str | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended for good: a terminal subscription never comes back."""
        return self.status in TERMINAL_STATUSES

    @property
    def is_final(self) -> bool:
        """As terminal."""
        return self.is_terminal

    @property
    def cancel_scheduled(self) -> bool:
        """Whether an end is set, in either of Stripe's words; they stay after it has come."""
        return self.cancel_at_period_end or self.cancel_at is not None

    @property
    def began_at(self) -> int:
        """When it began to cost: after its trial, else when it started."""
        started = self.created_at if self.start_date is None else self.start_date
        return max(started, self.trial_end or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as one event or object showed it; `discount` is the id of its own discount.

    `default_payment_method` is the one for invoices, `default_source` its predecessor.
    """

    id: str
    name: str | None = None
    email: str | None = None
    currency: str | None = None
    created_at: int = 0
    deleted: bool = False
    test_clock: str | None = None
    discount: str | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether it was deleted: Stripe never brings a deleted customer back."""
        return self.deleted

    @property
    def is_stub(self) -> bool:
        """Whether it is what is left of a deleted customer: Stripe shows no more than its id."""
        return self.deleted and not self.created_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice; amounts in minor units of `currency`.

    `billing_reason` is Stripe's word for why it was made, `subscription_cycle` for a renewal.
    """

    id: str
    status: str | None = None
    subscription: str | None = None
    billing_reason: str | None = None
    currency: str | None = None
    amount_due: int = 0
    amount_paid: int = 0
    amount_remaining: int = 0
    attempt_count: int = 0
    next_attempt_at: int | None = None
    paid_at: int | None = None
    created_at: int = 0

    @property
    def is_final(self) -> bool:
        """Whether nothing more is collected by it."""
        return self.status in CLOSED_INVOICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """What Stripe said, days before, of the next invoice of a subscription.

    Such an invoice has no id of its own: `id` is the subscription's. `period_end` is when it is
    made, `next_attempt_at` when it is collected, some time later.
    """

    id: str
    currency: str | None = None
    amount_due: int | None = None
    period_end: int | None = None
    next_attempt_at: int | None = None

    @property
    def is_final(self) -> bool:
        """Never: the next one says more of what comes."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """A way to pay, or a card of old; of its card only until when it is good, nothing personal."""

    id: str
    exp_month: int | None = None
    exp_year: int | None = None
    is_detached: bool = False
    created_at: int = 0

    @property
    def is_final(self) -> bool:
        """Whether it was taken away: Stripe never gives it back."""
        return self.is_detached


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of a schedule; `end` is None only where Stripe left it out."""

    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A subscription schedule: what happens to its subscription when the last phase ends.

    `resume_at` is when its `pause_schedules` resume the subscription.
    """

    id: str
    status: str
    subscription: str | None = None
    end_behavior: str = "release"
    phases: tuple[Phase, ...] = ()
    resume_at: int | None = None
    created_at: int = 0

    @property
    def is_final(self) -> bool:
        """Whether it does nothing any more."""
        return self.status in CLOSED_SCHEDULES


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A completed checkout session: where some keep their own id of the customer."""

    id: str
    subscription: str | None = None
    created_at: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Never: its metadata may change."""
        return False


Thing = (
    Customer
    | Subscription
    | Invoice
    | Upcoming
    | Schedule
    | Checkout
    | Discount
    | Coupon
    | Price
    | PaymentMethod
)
"""Whatever a record may show."""
