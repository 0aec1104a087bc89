"""The customer row as readers see it: `billing.customers.v1` and `subfold fold --state`.

Source: docs/contract.md, "Values by example".
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.updates import ContactRef, Money, OtherRenewal


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class CouponPart(_Part):
    """A coupon's terms; `percent_off` is exact text, amounts are minor units per currency."""

    id: str
    duration: str
    percent_off: str | None
    amounts_off: dict[str, int]
    products: tuple[str, ...] | None
    is_whole: bool


class DiscountPart(_Part):
    """A discount in its order; `coupon` is null while its terms are not known.

    `coupon_id` is known before: what must be fetched to know them.
    """

    id: str
    start: str | None
    end: str | None
    coupon_id: str | None
    coupon: CouponPart | None


class CustomerPart(_Part):
    """The Stripe customer; all but the id is null until a customer event was seen."""

    id: str
    name: str | None
    email: str | None
    currency: str | None
    metadata: dict[str, str]
    created_at: str | None
    deleted_at: str | None
    test_clock: str | None
    discount: DiscountPart | None


class StagePart(_Part):
    """The stage, and which rule and subscription decided it."""

    name: str
    since: str
    rule: str
    subscription: str


class PendingPart(_Part):
    """A subscription whose MRR is not known yet, and what is missing."""

    subscription: str
    reason: str


class RenewalPart(_Part):
    """The next renewal; see `customer.renewal_changed`."""

    renews_at: str | None
    subscription: str | None
    others: tuple[OtherRenewal, ...]
    access_until: str | None
    not_collected: bool
    retry_at: str | None


class TierPart(_Part):
    """A tier; amounts are exact text of minor units."""

    up_to: int | None
    unit_amount: str | None
    flat_amount: str | None


class ItemPart(_Part):
    """One item; `unit_amount` is exact text of minor units, of the subscription's currency.

    `mrr` is null while an input is missing; `tax_included` are percentages within the amounts.
    """

    id: str
    price: str | None
    product: str | None
    nickname: str | None
    currency: str | None
    quantity: int | None
    interval: str | None
    interval_count: int
    usage_type: str
    billing_scheme: str
    unit_amount: str | None
    tiers_mode: str | None
    tiers: tuple[TierPart, ...]
    divide_by: int | None
    round_up: bool
    tax_behavior: str | None
    tax_included: tuple[str, ...] | None
    trial_end: str | None
    discounts: tuple[DiscountPart, ...]
    mrr: Money | None


class PausePart(_Part):
    """On hold: the subscription itself (status `paused`), or only what it collects."""

    kind: Literal["subscription", "collection"]
    behavior: str | None
    reason: str | None
    since: str | None
    resumes_at: str | None


class SchedulePart(_Part):
    """What becomes of the subscription when the last phase ends; null if not seen."""

    id: str
    status: str | None
    end_behavior: str | None
    ends_at: str | None


class SubscriptionPart(_Part):
    """One subscription; `mrr` is null while an input is missing, `caveats` say what to mind.

    `stage` is what the rules give it by itself; `is_unmapped`: no rule names its status.
    """

    id: str
    status: str
    stage: str | None
    is_unmapped: bool
    created_at: str | None
    start_date: str | None
    currency: str | None
    trial_end: str | None
    cancel_scheduled: bool
    cancel_at: str | None
    canceled_at: str | None
    cancel_reason: str | None
    cancel_feedback: str | None
    ended_at: str | None
    pause: PausePart | None
    schedule: SchedulePart | None
    current_period_end: str | None
    mrr: Money | None
    caveats: tuple[str, ...]
    items: tuple[ItemPart, ...]
    has_more_items: bool
    discounts: tuple[DiscountPart, ...]
    tax_included: tuple[str, ...]
    metadata: dict[str, str]


class PaymentPart(_Part):
    """The newest invoice and how its payment stands."""

    status: str | None
    latest_invoice: str
    subscription: str | None
    attempt_count: int
    next_attempt_at: str | None
    amount_due: Money


class LifetimePart(_Part):
    """Moments of the whole life, by what the row has kept of it."""

    first_seen_at: str | None
    first_paid_at: str | None
    started_at: str | None
    ever_customer: bool
    churned_at: tuple[str, ...]
    reactivated_at: tuple[str, ...]


class CustomerRow(_Part):
    """One customer: where it stands at `as_of`, by facts and settings alone.

    `evicted_subscriptions` ended long ago and had no room.
    """

    subject: str
    source: str
    account: str | None
    livemode: bool
    as_of: str
    customer: CustomerPart
    contact: ContactRef | None
    contact_reason: str | None
    stage: StagePart | None
    mrr: Money
    committed_mrr: Money
    pending: tuple[PendingPart, ...]
    renewal: RenewalPart
    subscriptions: tuple[SubscriptionPart, ...]
    evicted_subscriptions: int
    payment: PaymentPart | None
    lifetime: LifetimePart
    schema_version: Literal[1] = 1
    fold_version: int
    settings_version: int
