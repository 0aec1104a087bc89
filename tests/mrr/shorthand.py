"""Writes the shorthand of tests/data/mrr_cases.json as Stripe writes it, in two generations.

`legacy` is 2020-08-27: plan beside price, the period at the top, discounts with their coupon in
them. `endive` is 2026-09-30: the period on items, discounts whose `source` has the coupon.
"""

from __future__ import annotations

import json
from pathlib import Path

CASES = json.loads((Path(__file__).parents[1] / "data" / "mrr_cases.json").read_text())
GENERATIONS = ("legacy", "endive")
PRESETS = {"stripe": "S", "standard": "R", "net": "N"}
CREATED = 1_790_000_000
PERIOD = {"current_period_start": 1_799_000_000, "current_period_end": 1_801_000_000}
PLAN_FIELDS = {
    "unit_amount": "amount",
    "unit_amount_decimal": "amount_decimal",
    "transform_quantity": "transform_usage",
}


def name_of(case, generation):
    return f"{case['id']}_{generation}"


def subscription_of(case, generation, customer=None):
    """The subscription of a case; its customer is an id, unless it is given expanded."""
    short, name = case["subscription"], name_of(case, generation)
    listed = [
        _item(each, f"{name}_{place}", generation) for place, each in enumerate(short["items"])
    ]
    discounts = _discounts(short.get("discounts", ()), f"sub_{name}", generation)
    return {
        "id": f"sub_{name}",
        "object": "subscription",
        "customer": customer or f"cus_{name}",
        "status": short["status"],
        "created": CREATED,
        "start_date": CREATED,
        "currency": short["items"][0]["price"]["currency"],
        "cancel_at_period_end": short.get("cancel_at_period_end", False),
        "cancel_at": short.get("cancel_at"),
        "canceled_at": None,
        "pause_collection": short.get("pause_collection"),
        "default_tax_rates": [
            {"id": f"txr_{place}", "object": "tax_rate", **rate}
            for place, rate in enumerate(short.get("default_tax_rates", ()))
        ],
        "items": {"object": "list", "data": listed, "has_more": False},
        "metadata": {},
        **_held(discounts, generation),
        **(PERIOD if generation == "legacy" else {}),
    }


def customers_discount(case, generation):
    """The discount of a case's customer itself, None where it has none."""
    short = case["subscription"].get("customer_discounts", ())
    return next(iter(_discounts(short, f"cus_{name_of(case, generation)}", generation)), None)


def customer_of(case, generation, **more):
    return {
        "id": f"cus_{name_of(case, generation)}",
        "object": "customer",
        "created": CREATED,
        "discount": customers_discount(case, generation),
        **more,
    }


def discount_created(case, generation):
    customer = f"cus_{name_of(case, generation)}"
    return {
        "id": f"evt_{name_of(case, generation)}",
        "object": "event",
        "type": "customer.discount.created",
        "created": CREATED,
        "data": {"object": {**customers_discount(case, generation), "customer": customer}},
    }


def _item(short, name, generation):
    price = {
        "id": f"price_{name}",
        "object": "price",
        "created": CREATED,
        "unit_amount_decimal": _decimal(short["price"]["unit_amount"]),
        **short["price"],
    }
    item = {
        "id": f"si_{name}",
        "object": "subscription_item",
        "quantity": short["quantity"],
        "price": price,
        **(PERIOD if generation == "endive" else {}),
    }
    if generation == "legacy" and price["recurring"]:
        item["plan"] = _plan(price)
    if "discounts" in short:
        item["discounts"] = _discounts(short["discounts"], f"si_{name}", generation)
    return item


def _plan(price):
    shared = {key: value for key, value in price.items() if key not in {"recurring", "type"}}
    renamed = {PLAN_FIELDS.get(key, key): value for key, value in shared.items()}
    return {**renamed, **price["recurring"], "object": "plan"}


def _decimal(amount):
    return None if amount is None else str(amount)


def _discounts(short, owner, generation):
    return [
        _discount(each, f"{owner}_{place}", owner, generation) for place, each in enumerate(short)
    ]


def _discount(short, name, owner, generation):
    coupon = {"id": f"coupon_{name}", "object": "coupon", "created": CREATED, **short["coupon"]}
    if "percent_off" in coupon:
        coupon["percent_off"] = float(coupon["percent_off"])
    if "applies_to" in coupon:
        coupon["applies_to"] = {"products": coupon["applies_to"]}
    discount = {
        "id": f"di_{name}",
        "object": "discount",
        "start": CREATED,
        "end": short["end"],
        "subscription": owner if owner.startswith("sub_") else None,
    }
    if generation == "legacy":
        return {**discount, "coupon": coupon}
    return {**discount, "source": {"type": "coupon", "coupon": coupon}}


def _held(discounts, generation):
    """A single discount was once a field of its own."""
    if generation == "legacy" and len(discounts) == 1:
        return {"discount": discounts[0], "discounts": [discounts[0]["id"]]}
    return {"discounts": discounts, **({"discount": None} if generation == "legacy" else {})}
