"""Customers, invoices, schedules and checkout sessions, of any API version."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.wire.discounts import Discount
from schemas.wire.payment_methods import Default
from schemas.wire.types import (
    Id,
    Metadata,
    Reference,
    Seconds,
    Text,
    Whole,
    Wire,
    none_is_empty,
)


class InvoiceSettings(Wire):
    """How a customer pays invoices."""

    default_payment_method: Default = None


class Customer(Wire):
    """A customer; a deleted one has little more than its id."""

    id: Id
    name: Text | None = None
    email: Text | None = None
    currency: Text | None = None
    created: Seconds = 0
    deleted: bool = False
    test_clock: Reference = None
    discount: Discount | None = None
    invoice_settings: InvoiceSettings | None = None
    default_source: Default = None
    metadata: Metadata = Field(default_factory=dict)


class SubscriptionDetails(Wire):
    """Which subscription an invoice is of, since 2025-03-31.basil."""

    subscription: Reference = None


class InvoiceParent(Wire):
    """What made an invoice, since 2025-03-31.basil."""

    subscription_details: SubscriptionDetails | None = None


class StatusTransitions(Wire):
    """When an invoice became what it is."""

    paid_at: Seconds | None = None


class Invoice(Wire):
    """An invoice; `status` is missing before 2018-11-08, `paid` since 2025-03-31.basil."""

    id: Id
    status: Text | None = None
    paid: bool | None = None
    parent: InvoiceParent | None = None
    subscription: Reference = None
    billing_reason: Text | None = None
    currency: Text | None = None
    amount_due: Whole = 0
    amount_paid: Whole = 0
    amount_remaining: Whole | None = None
    attempt_count: Whole | None = None
    next_payment_attempt: Seconds | None = None
    status_transitions: StatusTransitions | None = None
    created: Seconds | None = None
    date: Seconds | None = None


class UpcomingInvoice(Wire):
    """What `invoice.upcoming` shows: an invoice that does not exist yet, so without an id."""

    parent: InvoiceParent | None = None
    subscription: Reference = None
    currency: Text | None = None
    amount_due: Whole | None = None
    period_end: Seconds | None = None
    next_payment_attempt: Seconds | None = None


class Phase(Wire):
    """A phase of a schedule."""

    start_date: Seconds
    end_date: Seconds | None = None


class Resume(Wire):
    """The end of a planned pause."""

    resume_at: Seconds | None = None


class PauseSchedule(Wire):
    """A planned pause, since 2026-09-30.endive."""

    resume: Resume | None = None


class SubscriptionSchedule(Wire):
    """A schedule; once released it names its subscription elsewhere."""

    id: Id
    status: Text
    subscription: Reference = None
    released_subscription: Reference = None
    end_behavior: Text = "release"
    phases: Annotated[tuple[Phase, ...], none_is_empty] = ()
    pause_schedules: Annotated[tuple[PauseSchedule, ...], none_is_empty] = ()
    created: Seconds = 0


class CheckoutSession(Wire):
    """A checkout session."""

    id: Id
    subscription: Reference = None
    created: Seconds = 0
    metadata: Metadata = Field(default_factory=dict)
