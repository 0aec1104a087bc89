"""Stripe's objects and events as tests need them: name only what matters, the rest is usual."""

from __future__ import annotations

import itertools
from typing import Any

import orjson

from schemas.records import Kind, LogRecord

ANA = "cus_ana"
BASIC = "sub_basic"
SUBJECT = f"main/-/live/{ANA}"
MONTH_S = 30 * 86_400
START = 1_800_000_000
_numbers = itertools.count()


def price(amount: int | None = 2000, *, currency: str = "usd", **more: Any) -> dict[str, Any]:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    return {
        "id": "price_1",
        "object": "price",
        "product": "prod_A",
        "currency": currency,
        "type": "recurring",
        "billing_scheme": "per_unit",
        "unit_amount": amount,
        "unit_amount_decimal": None if amount is None else str(amount),
        "recurring": {**recurring, **more.pop("recurring", {})},
        **more,
    }


def plan(**more: Any) -> dict[str, Any]:
    usual = {"id": "plan_1", "object": "plan", "product": "prod_A", "currency": "USD"}
    return {**usual, "interval": "year", "amount": 900, **more}


def item(id_: str = "si_1", *, quantity: int | None = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "object": "subscription_item",
        "price": more.pop("price", None) or price(),
        "quantity": quantity,
        "current_period_end": START + MONTH_S,
        "discounts": [],
        **more,
    }


def subscription(
    id_: str = BASIC, status: str = "active", *, items: list[Any] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "id": id_,
        "object": "subscription",
        "customer": ANA,
        "status": status,
        "created": START,
        "items": {"object": "list", "data": items or [item()], "has_more": False},
        "discounts": [],
        "metadata": {},
        **more,
    }


def customer(id_: str = ANA, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "object": "customer",
        "name": "Ana",
        "email": "ana@example.com",
        "created": START,
        "metadata": {"account_id": "acme-42"},
        **more,
    }


def invoice(id_: str = "in_1", status: str = "open", **more: Any) -> dict[str, Any]:
    amount = more.pop("amount", 2000)
    return {
        "id": id_,
        "object": "invoice",
        "customer": ANA,
        "status": status,
        "currency": "usd",
        "amount_due": amount,
        "amount_paid": amount if status == "paid" else 0,
        "attempt_count": 1,
        "next_payment_attempt": None,
        "parent": {"subscription_details": {"subscription": BASIC}},
        "created": START,
        **more,
    }


def upcoming(id_: str = BASIC, **more: Any) -> dict[str, Any]:
    """An invoice that is to come: it has no id, and is made at the end of the period."""
    thing = invoice(status="draft", period_end=START + MONTH_S, **more)
    thing["parent"] = {"subscription_details": {"subscription": id_}}
    return {name: value for name, value in thing.items() if name != "id"}


def payment_method(id_: str = "pm_1", month: int = 4, year: int = 2030, **more: Any) -> Any:
    card = {"brand": "visa", "last4": "4242", "exp_month": month, "exp_year": year}
    usual = {"id": id_, "object": "payment_method", "type": "card", "customer": ANA}
    return {**usual, "card": card, "created": START, **more}


def coupon(id_: str = "C", **terms: Any) -> dict[str, Any]:
    return {"id": id_, "object": "coupon", "duration": "forever", **terms}


def discount(id_: str = "di_1", **more: Any) -> dict[str, Any]:
    return {"id": id_, "object": "discount", "customer": ANA, "end": None, **more}


def fetched(
    thing: dict[str, Any], kind: str = "back_fill", *, at: int = START, **more: Any
) -> dict[str, Any]:
    """A line as `subfold` writes what it fetched itself; not an event of Stripe's."""
    return {
        "object": "subfold.fetched",
        "kind": kind,
        "customer": ANA,
        "livemode": True,
        "fetched_at": at,
        "connected_at": None,
        "api_version": "2026-10-28.endive",
        "data": {"object": thing},
        **more,
    }


def event(
    type_: str,
    thing: dict[str, Any],
    *,
    at: int = START,
    was: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    data: dict[str, Any] = {"object": thing}
    if was is not None:
        data["previous_attributes"] = was
    return {
        "id": more.pop("id", None) or f"evt_{next(_numbers):06d}",
        "object": "event",
        "type": type_,
        "created": at,
        "livemode": True,
        "api_version": "2026-10-28.endive",
        "data": data,
        **more,
    }


def updated(thing: dict[str, Any], **more: Any) -> dict[str, Any]:
    return event(
        f"customer.{'subscription.' * (thing['object'] != 'customer')}updated", thing, **more
    )


def deleted(thing: dict[str, Any], **more: Any) -> dict[str, Any]:
    return event(
        f"customer.{'subscription.' * (thing['object'] != 'customer')}deleted", thing, **more
    )


def record(body: dict[str, Any] | bytes, offset: int = 0, **more: Any) -> LogRecord:
    about = body if isinstance(body, dict) else {}
    is_fetched = about.get("object") == "subfold.fetched"
    return LogRecord(
        key=more.pop("key", SUBJECT),
        kind=more.pop("kind", Kind(about["kind"]) if is_fetched else Kind.WEBHOOK),
        source="main",
        event_id=str(about.get("id", "")),
        event_type=str(about.get("type", "")),
        value=orjson.dumps(body) if isinstance(body, dict) else body,
        partition=0,
        offset=offset,
        timestamp_ms=int(about.get("created", about.get("fetched_at", START))) * 1000,
        **more,
    )
