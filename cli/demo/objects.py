"""Stripe objects of the lives, made by hand: customers, prices, plans, invoices.

Source: Stripe's API reference. Subscriptions are in subscriptions.py: their shape changed most.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Fields = dict[str, Any]
DAY_S = 86400
PRICES_CREATED = 1767225600
"""2026-01-01T00:00:00Z."""


class Generation(StrEnum):
    """API versions whose shapes differ; the order of their text is that of their release."""

    LEGACY = "2020-08-27"
    BASIL = "2025-03-31.basil"
    CLOVER = "2025-09-30.clover"
    ENDIVE = "2026-09-30.endive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs per interval; `unit_amount` in minor units."""

    id: str
    product: str
    unit_amount: int
    currency: str = "usd"
    interval: str = "month"
    interval_count: int = 1

    def after(self, at: int) -> int:
        """When a period that begins at that time ends, by the calendar as at Stripe."""
        if self.interval in {"day", "week"}:
            return at + self.interval_count * DAY_S * (7 if self.interval == "week" else 1)
        moment = datetime.fromtimestamp(at, UTC)
        months = self.interval_count * (12 if self.interval == "year" else 1)
        years, month = divmod(moment.month - 1 + months, 12)
        year, month = moment.year + years, month + 1
        day = min(moment.day, calendar.monthrange(year, month)[1])
        return int(moment.replace(year=year, month=month, day=day).timestamp())


def customer_object(
    *, id: str, name: str, created: int, currency: str, metadata: Mapping[str, str], test: bool
) -> Fields:
    """A customer; its address is made from its name, on a domain that nobody can own."""
    return {
        "id": id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": currency,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": f"billing@{name.split()[0].lower()}.example.com",
        "invoice_prefix": id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": not test,
        "metadata": dict(metadata),
        "name": name,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def price_object(price: Price, *, test: bool) -> Fields:
    """A price per unit, as every API version since 2020 writes it."""
    return {
        "id": price.id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": PRICES_CREATED,
        "currency": price.currency,
        "custom_unit_amount": None,
        "livemode": not test,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": price.product,
        "recurring": {
            "interval": price.interval,
            "interval_count": price.interval_count,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": price.unit_amount,
        "unit_amount_decimal": str(price.unit_amount),
    }


def plan_object(price: Price, *, test: bool) -> Fields:
    """The same price in the words of before 2020; items carry both to this day."""
    return {
        "id": price.id,
        "object": "plan",
        "active": True,
        "amount": price.unit_amount,
        "amount_decimal": str(price.unit_amount),
        "billing_scheme": "per_unit",
        "created": PRICES_CREATED,
        "currency": price.currency,
        "interval": price.interval,
        "interval_count": price.interval_count,
        "livemode": not test,
        "metadata": {},
        "nickname": None,
        "product": price.product,
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def invoice_object(
    *,
    id: str,
    customer: str,
    subscription: str,
    amount: int,
    currency: str,
    created: int,
    paid: bool,
    generation: Generation,
    test: bool,
) -> Fields:
    """An invoice of a subscription, without its lines; its subscription moved in 2025-03-31."""
    fields: Fields = {
        "id": id,
        "object": "invoice",
        "amount_due": amount,
        "amount_paid": amount if paid else 0,
        "amount_remaining": 0 if paid else amount,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": not paid,
        "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically",
        "created": created,
        "currency": currency,
        "customer": customer,
        "due_date": None,
        "lines": {
            "object": "list",
            "data": [],
            "has_more": True,
            "url": f"/v1/invoices/{id}/lines",
        },
        "livemode": not test,
        "metadata": {},
        "next_payment_attempt": None if paid else created + 3 * DAY_S,
        "status": "paid" if paid else "open",
        "total": amount,
    }
    if generation is Generation.LEGACY:
        return fields | {"paid": paid, "subscription": subscription}
    details = {"metadata": {}, "subscription": subscription}
    return fields | {
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": details,
        }
    }


def former_values(before: Fields, after: Fields) -> Fields:
    """Say what changed as `previous_attributes` does: nested objects in part, lists whole."""
    former: Fields = {}
    for name, new in after.items():
        old = before.get(name)
        if isinstance(old, dict) and isinstance(new, dict) and old != new:
            former[name] = former_values(old, new)
        elif old != new:
            former[name] = old
    return former
