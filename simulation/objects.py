"""What all made-up Stripe objects share, and the customer.

Source: Stripe's API reference. Each kind of object that changed its shape has a file of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Any

Fields = dict[str, Any]
DAY_S = 86400
HOUR_S = 3600


class Generation(StrEnum):
    """API versions whose shapes differ; the order of their text is that of their release."""

    LEGACY = "2020-08-27"
    BASIL = "2025-03-31.basil"
    CLOVER = "2025-09-30.clover"
    ENDIVE = "2026-09-30.endive"


def made_id(prefix: str, cause: str) -> str:
    """Make an id such as `sub_…` of what it comes from; like Stripe's, it says no order."""
    return f"{prefix}_{blake2b(f'{prefix}/{cause}'.encode(), digest_size=10).hexdigest()}"


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


def event_object(
    *, id: str, type: str, created: int, generation: Generation, thing: Fields, test: bool
) -> Fields:
    """The envelope of a snapshot event, as one endpoint gets it."""
    return {
        "id": id,
        "object": "event",
        "api_version": generation.value,
        "created": created,
        "data": {"object": thing},
        "livemode": not test,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type,
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
