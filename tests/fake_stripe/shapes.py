"""Whole objects: the simulated ones with every field that Stripe's official samples have.

The simulated account writes the fields that matter to it. Stripe writes all of them, so those that
are missing are added empty: null, an empty list, false or zero, as the sample's value is.
Source: tests/data/stripe_objects, the official samples (API of 2026, `dahlia`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from simulation.objects import Fields, Generation

SAMPLES = Path(__file__).parents[1] / "data" / "stripe_objects"
SINCE = {
    "amount_paid_off_stripe": Generation.ENDIVE,
    "billing_mode": Generation.CLOVER,
    "billing_schedules": Generation.ENDIVE,
    "customer_account": Generation.ENDIVE,
    "discount.source": Generation.CLOVER,
    "discount.subscription_item": Generation.CLOVER,
    "managed_payments": Generation.ENDIVE,
    "quantity_decimal": Generation.ENDIVE,
}
"""Fields that came after 2025-03-31.basil, by the first generation that has them here."""
ABSENT = frozenset({"charge.refunds", "invoice.id", "subscription_item.quantity"})
"""Fields that are not always there: expanded ones, the quantity of what is metered, the id of what
is upcoming."""
MADE: dict[str, Callable[[Fields], Any]] = {
    "invoice.subtotal_excluding_tax": lambda invoice: invoice.get("subtotal"),
    "invoice.total_excluding_tax": lambda invoice: invoice["total"],
    "line_item.quantity_decimal": lambda line: str(line["quantity"]),
    "line_item.subtotal": lambda line: line["amount"],
}
"""Fields that follow from others."""
FREE = frozenset(
    {"metadata", "fraud_details", "payment_method_options", "flexible", "source_types"}
)
"""Objects whose names are the account's own, or depend on what it uses."""


@cache
def samples() -> dict[str, Fields]:
    """The official sample of each kind of object."""
    found = {path.stem: json.loads(path.read_text()) for path in SAMPLES.glob("[!d]*.json")}
    found["discount"] = json.loads((SAMPLES / "discount.json").read_text())
    found["line_item"] = found["invoice"]["lines"]["data"][0]
    return found


def whole(thing: Fields, generation: Generation, *, livemode: bool) -> Fields:
    """A copy of the object, and of those in it, with all fields of its generation.

    2020-08-27 is older than the samples: its objects are as they are simulated.
    """
    known: Fields | None = None
    if generation is not Generation.LEGACY:
        known = samples().get(thing.get("object", ""))
    return _whole(thing, known, generation, livemode)


def _whole(thing: Fields, sample: Fields | None, generation: Generation, livemode: bool) -> Fields:
    made: Fields = {}
    for name, value in thing.items():
        if name == "livemode":
            made[name] = livemode
        elif isinstance(value, dict):
            made[name] = _inside(value, (sample or {}).get(name), name, generation, livemode)
        elif isinstance(value, list):
            made[name] = [
                whole(each, generation, livemode=livemode) if isinstance(each, dict) else each
                for each in value
            ]
        else:
            made[name] = value
    for name, value in (sample or {}).items():
        if name not in made:
            _add(made, name, value, generation)
    return made


def _add(made: Fields, name: str, value: Any, generation: Generation) -> None:
    """Add a field that is missing, if its generation has it."""
    full = f"{made.get('object')}.{name}"
    since = SINCE.get(full) or SINCE.get(name) or Generation.LEGACY
    if since <= generation and full not in ABSENT:
        made[name] = MADE[full](made) if full in MADE else _empty(name, value)


def _inside(
    value: Fields, sample: Any, name: str, generation: Generation, livemode: bool
) -> Fields:
    if name in FREE:
        return value
    if isinstance(value.get("object"), str):
        return whole(value, generation, livemode=livemode)
    return _whole(value, sample if isinstance(sample, dict) else None, generation, livemode)


def _empty(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return False
    if isinstance(value, list):
        return []
    if isinstance(value, dict) and value.get("object") == "list":
        return {"object": "list", "data": [], "has_more": False, "url": ""}
    if isinstance(value, dict) and name in FREE:
        return {}
    if isinstance(value, int) and name.startswith(("amount_", "pre_payment_", "post_payment_")):
        return 0
    return None
