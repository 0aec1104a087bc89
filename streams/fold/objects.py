"""Customers, invoices, schedules and checkout sessions of any API version, in our words."""

from __future__ import annotations

from collections.abc import Iterator

from schemas import objects as ours
from schemas.wire import objects as wire
from streams.fold.discounts import Holder, discount_id, read_discount


def read_customer(seen: wire.Customer, *, is_deleted: bool) -> ours.Customer:
    """Read a customer's profile."""
    return ours.Customer(
        id=seen.id,
        name=seen.name,
        email=seen.email,
        currency=seen.currency.lower() if seen.currency else None,
        created_at=seen.created,
        deleted=seen.deleted or is_deleted,
        test_clock=seen.test_clock,
        discount=discount_id(seen.discount, Holder(seen.id)) if seen.discount else None,
        metadata=seen.metadata,
    )


def shown_with_customer(seen: wire.Customer) -> Iterator[ours.Discount | ours.Coupon]:
    """The customer's own discount and its coupon."""
    if seen.discount:
        yield from read_discount(seen.discount, Holder(seen.id))


def read_invoice(seen: wire.Invoice, *, is_deleted: bool) -> ours.Invoice:
    """Read an invoice; its subscription moved in 2025-03-31.basil."""
    details = seen.parent.subscription_details if seen.parent else None
    moved = seen.status_transitions
    created = seen.date if seen.created is None else seen.created
    status = seen.status or ("paid" if seen.paid else None)
    return ours.Invoice(
        id=seen.id,
        status="deleted" if is_deleted else status,
        subscription=details.subscription if details else seen.subscription,
        currency=seen.currency.lower() if seen.currency else None,
        amount_due=seen.amount_due,
        amount_paid=seen.amount_paid,
        attempt_count=seen.attempt_count or 0,
        next_attempt_at=seen.next_payment_attempt,
        paid_at=moved.paid_at if moved else None,
        created_at=created or 0,
    )


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
