"""`expand`: ids become the objects that they name, and what is only given when asked for appears.

Four levels at most. Source: Stripe's API reference, "Expanding responses".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulation.catalog import COUPONS, LOYALTY, PRICES
from simulation.objects import Fields

from .errors import invalid
from .view import View

LEVELS_MAX = 4
REFERENCES = {
    "charge": "charge",
    "coupon": "coupon",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "discount": "discount",
    "discounts": "discount",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "released_subscription": "subscription",
    "schedule": "subscription_schedule",
    "subscription": "subscription",
    "test_clock": "test_helpers.test_clock",
}
"""Fields that hold an id (or ids) and what kind of object that names."""


def expanded(thing: Fields, paths: list[str], view: View) -> Fields:
    """A copy in which the paths are expanded; lists and objects on the way are copies, too."""
    for path in paths:
        names = path.split(".")
        if len(names) > LEVELS_MAX:
            raise invalid(
                "You cannot expand more than 4 levels of a property. Property: " + path,
                "expand",
                "property_expansion_max_depth",
            )
        thing = _expand(thing, names, view, path)
    return thing


def _expand(thing: Fields, names: list[str], view: View, path: str) -> Fields:
    name, *rest = names
    given = GIVEN_ON_REQUEST.get((str(thing.get("object")), name))
    if given:
        value: Any = thing[name] if thing.get(name) else given(thing, view)
    elif name in thing:
        value = _named(thing[name], name, view)
    else:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    is_id = isinstance(thing.get(name), str) and value is thing[name]
    if not rest and not given and is_id and name not in REFERENCES:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    if rest:
        value = _deeper(value, rest, view, path)
    return thing | {name: value}


def _deeper(value: Any, rest: list[str], view: View, path: str) -> Any:
    if isinstance(value, dict):
        return _expand(value, rest, view, path)
    if isinstance(value, list):
        return [
            _expand(each, rest, view, path) if isinstance(each, dict) else each for each in value
        ]
    return value


def _named(value: Any, name: str, view: View) -> Any:
    """What the id, or each of the ids, names; an id of what is gone stays one."""
    kind = REFERENCES.get(name)
    if kind is None:
        return value
    if isinstance(value, str):
        return _found(kind, value, view)
    if isinstance(value, list):
        return [_found(kind, each, view) if isinstance(each, str) else each for each in value]
    return value


def _found(kind: str, id: str, view: View) -> Any:
    if kind == "customer" and id in view.shelves[kind].deleted:
        return {"id": id, "object": "customer", "deleted": True}
    return view.get(kind, id) or id


def _tiers(price: Fields, _: View) -> list[Fields] | None:
    tiers = next((each.tiers for each in PRICES if each.id == price["id"]), ())
    return [
        {
            "flat_amount": tier.flat_amount or None,
            "flat_amount_decimal": str(tier.flat_amount) if tier.flat_amount else None,
            "unit_amount": tier.unit_amount,
            "unit_amount_decimal": str(tier.unit_amount),
            "up_to": tier.up_to,
        }
        for tier in tiers
    ] or None


def _applies_to(coupon: Fields, _: View) -> Fields | None:
    known = next((each for each in (*COUPONS, LOYALTY) if each.id == coupon["id"]), None)
    products = getattr(known, "products", ())
    return {"products": list(products)} if products else None


def _currency_options(price: Fields, _: View) -> Fields:
    """Its own currency is among them."""
    names = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")
    return {price["currency"]: {name: price.get(name) for name in names}}


def _amounts_off(coupon: Fields, _: View) -> Fields | None:
    if coupon["amount_off"] is None:
        return None
    return {coupon["currency"]: {"amount_off": coupon["amount_off"]}}


def _subscriptions(customer: Fields, view: View) -> Fields:
    found = view.shelves["subscription"].newest_first(owner=customer["id"])
    alive = [sub for sub in found if sub["status"] != "canceled"]
    return nested(alive, f"/v1/customers/{customer['id']}/subscriptions")


def _payments(invoice: Fields, view: View) -> Fields:
    shelf = view.shelves["invoice_payment"]
    paid = [each for each in shelf.newest_first() if each["invoice"] == invoice["id"]]
    return nested(paid, f"/v1/invoice_payments?invoice={invoice['id']}")


def _refunds(charge: Fields, view: View) -> Fields:
    shelf = view.shelves["refund"]
    given = [each for each in shelf.newest_first() if each["charge"] == charge["id"]]
    return nested(given, f"/v1/charges/{charge['id']}/refunds")


def nested(things: list[Fields], url: str) -> Fields:
    """A list inside of an object: the first ten."""
    return {"object": "list", "data": things[:10], "has_more": len(things) > 10, "url": url}


GIVEN_ON_REQUEST: dict[tuple[str, str], Callable[[Fields, View], Any]] = {
    ("charge", "refunds"): _refunds,
    ("coupon", "applies_to"): _applies_to,
    ("coupon", "currency_options"): _amounts_off,
    ("customer", "subscriptions"): _subscriptions,
    ("invoice", "payments"): _payments,
    ("plan", "tiers"): _tiers,
    ("price", "currency_options"): _currency_options,
    ("price", "tiers"): _tiers,
}
"""Fields that are only there when expanded."""
