"""The lists that are read at Stripe, and whose each object is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from streams.source.fetched import owner_of
from streams.source.stripe_api import Fields


def _owner_of_charge(thing: Fields) -> str | None:
    charge = thing.get("charge")
    return owner_of(charge) if isinstance(charge, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One of Stripe's lists: how to ask, and whose an object of it is."""

    name: str
    service: Callable[[Any], Any]
    params: dict[str, Any]
    customer: Callable[[Fields], str | None] = owner_of
    is_history: bool = False


LISTS = (
    Listed(
        name="customers",
        service=lambda v1: v1.customers,
        params={"expand": ["data.discount", "data.invoice_settings.default_payment_method"]},
    ),
    Listed(
        name="subscriptions",
        service=lambda v1: v1.subscriptions,
        params={
            "status": "all",
            "expand": [
                "data.discounts",
                "data.items.data.discounts",
                "data.default_payment_method",
            ],
        },
    ),
    Listed(name="schedules", service=lambda v1: v1.subscription_schedules, params={}),
    Listed(name="open_invoices", service=lambda v1: v1.invoices, params={"status": "open"}),
    Listed(name="invoices", service=lambda v1: v1.invoices, params={}, is_history=True),
    Listed(name="charges", service=lambda v1: v1.charges, params={}, is_history=True),
    Listed(
        name="refunds",
        service=lambda v1: v1.refunds,
        params={"expand": ["data.charge"]},
        customer=_owner_of_charge,
        is_history=True,
    ),
    Listed(
        name="disputes",
        service=lambda v1: v1.disputes,
        params={"expand": ["data.charge"]},
        customer=_owner_of_charge,
        is_history=True,
    ),
)


def lists_of(*, with_history: bool) -> Iterator[Listed]:
    """The lists of a back-fill, in their order."""
    return (each for each in LISTS if with_history or not each.is_history)
