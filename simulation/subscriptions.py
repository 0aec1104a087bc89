"""Subscriptions, as each of four API generations writes them.

Source: Stripe's API reference and changelog. Where a field moved, each generation has it where that
API version has it: periods (2025-03-31), discounts (2025-03-31), coupons (2025-09-30), pauses
(2026-09-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulation.coupons import Discount, discount_object
from simulation.objects import Fields, Generation
from simulation.prices import Price, plan_object, price_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One price of a subscription and how often it was bought; `ends` is its period's end."""

    id: str
    price: Price
    quantity: int
    begins: int
    ends: int
    discount: Discount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription in no version's words; `subscription_object` writes it in those of one.

    Args:
        anchor: The day that months keep; the first item's period where it is not known.
        pause_collection: What becomes of invoices meanwhile; the status stays as it is.
        paused_because: Why the subscription itself is paused.
        pending: The items that it gets when its latest invoice is paid by `pending_until`.
    """

    id: str
    customer: str
    created: int
    items: tuple[Item, ...]
    status: str = "active"
    metadata: Mapping[str, str] | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    cancel_at_period_end: bool = False
    cancel_at: int | None = None
    canceled_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    feedback: str | None = None
    anchor: int | None = None
    missing_payment_method: str = "create_invoice"
    pause_collection: str | None = None
    collection_resumes_at: int | None = None
    paused_at: int | None = None
    paused_because: str | None = None
    discount: Discount | None = None
    latest_invoice: str | None = None
    schedule: str | None = None
    pending: tuple[Item, ...] = ()
    pending_until: int | None = None

    @property
    def period_end(self) -> int:
        """When the next of its items renews."""
        return min(item.ends for item in self.items)

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.status in {"canceled", "incomplete_expired"}


def subscription_object(sub: Subscription, generation: Generation, *, test: bool) -> Fields:
    """Write the subscription as that API version sends it in a webhook."""
    items = [_item(item, sub, generation, test=test) for item in sub.items]
    fields: Fields = {
        "id": sub.id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False},
        "billing_cycle_anchor": sub.anchor or sub.items[0].begins,
        "billing_thresholds": None,
        "cancel_at": sub.cancel_at,
        "cancel_at_period_end": sub.cancel_at_period_end,
        "canceled_at": sub.canceled_at,
        "cancellation_details": {"comment": None, "feedback": sub.feedback, "reason": sub.reason},
        "collection_method": "charge_automatically",
        "created": sub.created,
        "currency": sub.items[0].price.currency,
        "customer": sub.customer,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "ended_at": sub.ended_at,
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "total_count": len(items),
            "url": f"/v1/subscription_items?subscription={sub.id}",
        },
        "latest_invoice": sub.latest_invoice,
        "livemode": not test,
        "metadata": dict(sub.metadata or {}),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": sub.pause_collection
        and {"behavior": sub.pause_collection, "resumes_at": sub.collection_resumes_at},
        "payment_settings": {"payment_method_options": None, "payment_method_types": None},
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": _pending_update(sub, generation, test=test),
        "schedule": sub.schedule,
        "start_date": sub.created,
        "status": sub.status,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": sub.trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": sub.missing_payment_method}},
        "trial_start": sub.trial_start,
    }
    return fields | _moved_fields(sub, items, generation, test=test)


def _moved_fields(
    sub: Subscription, items: list[Fields], generation: Generation, *, test: bool
) -> Fields:
    if generation is Generation.LEGACY:
        return {
            "current_period_start": min(item.begins for item in sub.items),
            "current_period_end": min(item.ends for item in sub.items),
            "discount": sub.discount and discount_object(sub.discount, generation, test=test),
            "plan": items[0]["plan"] if len(items) == 1 else None,
            "quantity": items[0].get("quantity") if len(items) == 1 else None,
        }
    fields: Fields = {"discounts": [sub.discount.id] if sub.discount else []}
    if generation >= Generation.CLOVER:
        fields["billing_mode"] = {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
        }
    if generation >= Generation.ENDIVE:
        fields |= {"billing_schedules": [], "customer_account": None, "status_details": None}
        if sub.paused_because:
            fields["status_details"] = {
                "paused": {
                    "type": "subscription",
                    "transitioned_at": sub.paused_at,
                    "subscription": {"type": sub.paused_because},
                }
            }
    return fields


def _item(item: Item, sub: Subscription, generation: Generation, *, test: bool) -> Fields:
    fields: Fields = {
        "id": item.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": sub.created,
        "metadata": {},
        "plan": plan_object(item.price, generation, test=test),
        "price": price_object(item.price, generation, test=test),
        "quantity": item.quantity,
        "subscription": sub.id,
        "tax_rates": [],
    }
    if item.price.is_metered:
        del fields["quantity"]
    discounts = [item.discount.id] if item.discount else []
    if generation is not Generation.LEGACY:
        fields |= {
            "current_period_start": item.begins,
            "current_period_end": item.ends,
            "discounts": discounts,
        }
    elif discounts:  # which came to all versions in 2024, after the shape that this one tells
        fields["discounts"] = discounts
    return fields


def _pending_update(sub: Subscription, generation: Generation, *, test: bool) -> Fields | None:
    if not sub.pending:
        return None
    return {
        "billing_cycle_anchor": None,
        "expires_at": sub.pending_until,
        "subscription_items": [_item(item, sub, generation, test=test) for item in sub.pending],
        "trial_end": None,
        "trial_from_plan": None,
    }
