"""Subscriptions of the lives, as each of four API generations writes them.

Source: Stripe's API reference and changelog. Where a field moved, each generation has it where that
API version has it: periods (2025-03-31), discounts (2025-03-31), coupons (2025-09-30), pauses
(2026-09-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.demo.objects import Fields, Generation, Price, plan_object, price_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One price of a subscription and how often it was bought; `ends` is its period's end."""

    id: str
    price: Price
    quantity: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A discount redeemed by a subscription, for ever."""

    id: str
    discount: str
    percent_off: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription in no version's words; `subscription_object` writes it in those of one."""

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
    pause_collection: str | None = None
    paused_at: int | None = None
    paused_because: str | None = None
    coupon: Coupon | None = None
    latest_invoice: str | None = None


def subscription_object(sub: Subscription, generation: Generation, *, test: bool) -> Fields:
    """Write the subscription as that API version sends it in a webhook."""
    items = [_item(item, sub, generation, test=test) for item in sub.items]
    fields: Fields = {
        "id": sub.id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False},
        "billing_cycle_anchor": sub.items[0].begins,
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
        and {"behavior": sub.pause_collection, "resumes_at": None},
        "payment_settings": {"payment_method_options": None, "payment_method_types": None},
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": sub.created,
        "status": sub.status,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": sub.trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": sub.trial_start,
    }
    return fields | _moved_fields(sub, items, generation)


def _moved_fields(sub: Subscription, items: list[Fields], generation: Generation) -> Fields:
    if generation is Generation.LEGACY:
        return {
            "current_period_start": min(item.begins for item in sub.items),
            "current_period_end": min(item.ends for item in sub.items),
            "discount": sub.coupon and discount_object(sub, sub.coupon, generation),
            "plan": items[0]["plan"] if len(items) == 1 else None,
            "quantity": items[0]["quantity"] if len(items) == 1 else None,
        }
    fields: Fields = {"discounts": [sub.coupon.discount] if sub.coupon else []}
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
        "plan": plan_object(item.price, test=test),
        "price": price_object(item.price, test=test),
        "quantity": item.quantity,
        "subscription": sub.id,
        "tax_rates": [],
    }
    if generation is not Generation.LEGACY:
        fields |= {
            "current_period_start": item.begins,
            "current_period_end": item.ends,
            "discounts": [],
        }
    return fields


def discount_object(sub: Subscription, coupon: Coupon, generation: Generation) -> Fields:
    """Write what the coupon gives; since 2025-09-30 only the coupon's id is in it."""
    fields: Fields = {
        "id": coupon.discount,
        "object": "discount",
        "checkout_session": None,
        "customer": sub.customer,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "start": coupon.start,
        "subscription": sub.id,
    }
    if generation >= Generation.CLOVER:
        return fields | {
            "subscription_item": None,
            "source": {"type": "coupon", "coupon": coupon.id},
        }
    return fields | {
        "coupon": {
            "id": coupon.id,
            "object": "coupon",
            "amount_off": None,
            "created": coupon.start,
            "currency": None,
            "duration": "forever",
            "duration_in_months": None,
            "livemode": True,
            "max_redemptions": None,
            "metadata": {},
            "name": None,
            "percent_off": coupon.percent_off,
            "redeem_by": None,
            "times_redeemed": 1,
            "valid": True,
        }
    }
