"""The customer row as readers see it: `billing.customers.v1` and `subfold fold --state`.

Source: docs/contract.md, "Values by example".
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.updates import ContactRef, Money, OtherRenewal


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


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


class ItemPart(_Part):
    """One item; `unit_amount` is exact text of minor units."""

    id: str
    price: str | None
    product: str | None
    quantity: int | None
    interval: str | None
    interval_count: int
    unit_amount: str | None


class PausePart(_Part):
    """Collection on hold."""

    behavior: str
    resumes_at: str | None


class SubscriptionPart(_Part):
    """One subscription; `mrr` is null while an input is missing."""

    id: str
    status: str
    created_at: str | None
    trial_end: str | None
    cancel_at: str | None
    canceled_at: str | None
    ended_at: str | None
    pause: PausePart | None
    current_period_end: str | None
    mrr: Money | None
    items: tuple[ItemPart, ...]
    discounts: tuple[str, ...]
    metadata: dict[str, str]


class LifetimePart(_Part):
    """Moments of the whole life."""

    first_seen_at: str | None


class CustomerRow(_Part):
    """One customer: where it stands, by facts and settings alone."""

    subject: str
    source: str
    account: str | None
    livemode: bool
    customer: CustomerPart
    contact: ContactRef | None
    contact_reason: str | None
    stage: StagePart | None
    mrr: Money
    committed_mrr: Money
    pending: tuple[PendingPart, ...]
    renewal: RenewalPart
    subscriptions: tuple[SubscriptionPart, ...]
    payment: None = None
    lifetime: LifetimePart
    schema_version: Literal[1] = 1
    fold_version: int
    settings_version: int
