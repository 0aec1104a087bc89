"""Customers, invoices, schedules and checkout sessions of any API version, in our words."""

from __future__ import annotations

from collections.abc import Iterator

from schemas import objects as ours
from schemas.wire import objects as wire
from streams.fold.discounts import Holder, discount_id, read_discount
from streams.fold.payment_methods import default_id, shown_defaults


def read_customer(seen: wire.Customer, *, is_deleted: bool) -> ours.Customer:
    """Read a customer's profile."""
    settings = seen.invoice_settings
    return ours.Customer(
        id=seen.id,
        name=seen.name,
        email=seen.email,
        currency=seen.currency.lower() if seen.currency else None,
        created_at=seen.created,
        deleted=seen.deleted or is_deleted,
        test_clock=seen.test_clock,
        discount=discount_id(seen.discount, Holder(seen.id)) if seen.discount else None,
        default_payment_method=default_id(settings.default_payment_method) if settings else None,
        default_source=default_id(seen.default_source),
        metadata=seen.metadata,
    )


def shown_with_customer(
    seen: wire.Customer,
) -> Iterator[ours.Discount | ours.Coupon | ours.PaymentMethod]:
    """The customer's own discount and its coupon, and how it pays."""
    settings = seen.invoice_settings
    yield from shown_defaults(
        settings.default_payment_method if settings else None, seen.default_source
    )
    if seen.discount:
        yield from read_discount(seen.discount, Holder(seen.id))


def read_invoice(seen: wire.Invoice, *, is_deleted: bool) -> ours.Invoice:
    """Read an invoice; what remains was not said before 2018."""
    remaining = seen.amount_remaining
    moved = seen.status_transitions
    created = seen.date if seen.created is None else seen.created
    status = seen.status or ("paid" if seen.paid else None)
    return ours.Invoice(
        id=seen.id,
        status="deleted" if is_deleted else status,
        subscription=_subscription_of(seen),
        billing_reason=seen.billing_reason,
        currency=seen.currency.lower() if seen.currency else None,
        amount_due=seen.amount_due,
        amount_paid=seen.amount_paid,
        amount_remaining=seen.amount_due - seen.amount_paid if remaining is None else remaining,
        attempt_count=seen.attempt_count or 0,
        next_attempt_at=seen.next_payment_attempt,
        paid_at=moved.paid_at if moved else None,
        created_at=created or 0,
    )


def read_upcoming(seen: wire.UpcomingInvoice) -> ours.Upcoming | None:
    """Read an invoice that is to come; None of one that is no subscription's."""
    subscription = _subscription_of(seen)
    if not subscription:
        return None
    return ours.Upcoming(
        id=subscription,
        currency=seen.currency.lower() if seen.currency else None,
        amount_due=seen.amount_due,
        period_end=seen.period_end,
        next_attempt_at=seen.next_payment_attempt,
    )


def _subscription_of(invoice: wire.Invoice | wire.UpcomingInvoice) -> str | None:
    """The subscription that it is of; it moved in 2025-03-31.basil."""
    details = invoice.parent.subscription_details if invoice.parent else None
    return details.subscription if details else invoice.subscription


def read_schedule(seen: wire.SubscriptionSchedule) -> ours.Schedule:
    """Read a schedule's phases and what follows the last."""
    resumes = [
        pause.resume.resume_at
        for pause in seen.pause_schedules
        if pause.resume and pause.resume.resume_at is not None
    ]
    return ours.Schedule(
        id=seen.id,
        status=seen.status,
        subscription=seen.subscription or seen.released_subscription,
        end_behavior=seen.end_behavior,
        phases=tuple(ours.Phase(start=each.start_date, end=each.end_date) for each in seen.phases),
        resume_at=max(resumes, default=None),
        created_at=seen.created,
    )


def read_checkout(seen: wire.CheckoutSession) -> ours.Checkout:
    """Read what a checkout session says of whose it was."""
    return ours.Checkout(
        id=seen.id,
        subscription=seen.subscription,
        created_at=seen.created,
        metadata=seen.metadata,
    )
