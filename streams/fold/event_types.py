"""Every Stripe event type that has to do with a customer's subscriptions: its key and its effect.

All other types are kept in the log, ignored and counted by type. docs/events.md tells the same to
people; a test compares them. Source: Stripe API reference, "Types of events".
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Key(StrEnum):
    """Where the object of an event names its customer."""

    ID = "id"
    CUSTOMER = "customer, or customer_account"
    FORMER = "customer, or else the customer that it had before"
    NONE = "none"


class Effect(StrEnum):
    """What an event does to the customer's row."""

    CUSTOMER = "the customer's profile and its own discount"
    SUBSCRIPTION = "that subscription, whole, and what it shows of discounts, coupons and prices"
    DISCOUNT = "that discount, and its coupon where it is shown"
    INVOICE = "payment state, first payment"
    UPCOMING = "what its subscription's next invoice will come to"
    SCHEDULE = "what becomes of the subscription when its phases end"
    CHECKOUT = "your own id, where the session carries it"
    PAYMENT_METHOD = "that way to pay: until when its card is good, and whether it is gone"
    CLOCK = "the time of all customers that live by that test clock"
    TERMS = "none by itself: what concerns a customer comes as an enrichment record"
    KEPT = "none: kept for an account's history"


class EventType(NamedTuple):
    """One row of the table."""

    key: Key
    effect: Effect


def _types(prefix: str, names: str, key: Key, effect: Effect) -> dict[str, EventType]:
    return {f"{prefix}.{name}": EventType(key, effect) for name in names.split()}


EVENT_TYPES: dict[str, EventType] = {
    **_types("customer", "created updated deleted", Key.ID, Effect.CUSTOMER),
    **_types(
        "customer.subscription",
        "created updated deleted paused resumed trial_will_end pending_update_applied "
        "pending_update_expired",
        Key.CUSTOMER,
        Effect.SUBSCRIPTION,
    ),
    **_types("customer.discount", "created updated deleted", Key.CUSTOMER, Effect.DISCOUNT),
    **_types(
        "invoice",
        "created finalized updated sent voided marked_uncollectible deleted will_be_due overdue "
        "overpaid finalization_failed payment_action_required payment_attempt_required "
        "payment_failed payment_succeeded paid",
        Key.CUSTOMER,
        Effect.INVOICE,
    ),
    # Without an id, and not sent for every way of collecting: no renewal may hang on it.
    **_types("invoice", "upcoming", Key.CUSTOMER, Effect.UPCOMING),
    **_types(
        "subscription_schedule",
        "created updated canceled completed released expiring aborted",
        Key.CUSTOMER,
        Effect.SCHEDULE,
    ),
    **_types(
        "checkout.session",
        "completed async_payment_succeeded async_payment_failed",
        Key.CUSTOMER,
        Effect.CHECKOUT,
    ),
    **_types("coupon", "created updated deleted", Key.NONE, Effect.TERMS),
    **_types("promotion_code", "created updated", Key.CUSTOMER, Effect.TERMS),
    **_types("price", "created updated deleted", Key.NONE, Effect.TERMS),
    **_types("plan", "created updated deleted", Key.NONE, Effect.TERMS),
    **_types("product", "created updated deleted", Key.NONE, Effect.TERMS),
    **_types("invoice_payment", "paid", Key.NONE, Effect.KEPT),
    **_types("invoiceitem", "created deleted", Key.CUSTOMER, Effect.KEPT),
    **_types(
        "charge",
        "captured expired failed pending refunded succeeded updated",
        Key.CUSTOMER,
        Effect.KEPT,
    ),
    **_types("refund", "created failed updated", Key.NONE, Effect.KEPT),
    **_types("charge.refund", "updated", Key.NONE, Effect.KEPT),
    **_types(
        "charge.dispute",
        "closed created funds_reinstated funds_withdrawn updated",
        Key.NONE,
        Effect.KEPT,
    ),
    **_types(
        "payment_intent",
        "amount_capturable_updated canceled created partially_funded payment_failed processing "
        "requires_action succeeded",
        Key.CUSTOMER,
        Effect.KEPT,
    ),
    **_types("credit_note", "created updated voided", Key.CUSTOMER, Effect.KEPT),
    **_types("quote", "accepted canceled created finalized", Key.CUSTOMER, Effect.KEPT),
    **_types("entitlements.active_entitlement_summary", "updated", Key.CUSTOMER, Effect.KEPT),
    **_types(
        "setup_intent",
        "canceled created requires_action setup_failed succeeded",
        Key.CUSTOMER,
        Effect.KEPT,
    ),
    **_types(
        "payment_method",
        "attached automatically_updated updated",
        Key.CUSTOMER,
        Effect.PAYMENT_METHOD,
    ),
    **_types("payment_method", "detached", Key.FORMER, Effect.PAYMENT_METHOD),
    **_types(
        "customer.source",
        "created updated expiring",
        Key.CUSTOMER,
        Effect.PAYMENT_METHOD,
    ),
    **_types("customer.source", "deleted", Key.FORMER, Effect.PAYMENT_METHOD),
    **_types(
        "test_helpers.test_clock",
        "advancing created deleted ready",
        Key.NONE,
        Effect.CLOCK,
    ),
    # How far the clock came before it failed, nobody knows.
    **_types("test_helpers.test_clock", "internal_failure", Key.NONE, Effect.KEPT),
}

BROADCASTS = frozenset(name for name, (_, effect) in EVENT_TYPES.items() if effect is Effect.CLOCK)
"""Event types that concern many customers: stored in every partition of the log."""
FOLDED_EVENTS = frozenset(
    name
    for name, (_, effect) in EVENT_TYPES.items()
    if effect not in {Effect.CLOCK, Effect.TERMS, Effect.KEPT}
)
"""Event types that change a row by themselves."""
