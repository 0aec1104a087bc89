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


def may_pay(customer: Fields) -> bool:
    """Whether a customer shows that it was ever to pay by subscription or invoice.

    Source: Stripe API reference, Customer: `currency` is the one of its recurring billing.
    """
    settings = customer.get("invoice_settings") or {}
    defaults = settings.get("default_payment_method"), customer.get("default_source")
    return any((customer.get("currency"), *defaults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One of Stripe's lists: how to ask, and whose an object of it is.

    `is_dated`: Stripe takes a time for it. `of_each`: it is one list for each of those customers.
    `weight`: about how many times as long as another it takes to read.
    """

    name: str
    service: Callable[[Any], Any]
    params: dict[str, Any]
    customer: Callable[[Fields], str | None] = owner_of
    is_history: bool = False
    is_dated: bool = True
    of_each: Callable[[Fields], bool] | None = None
    weight: int = 1


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
    Listed(name="credit_notes", service=lambda v1: v1.credit_notes, params={}, is_history=True),
    Listed(
        name="checkout_sessions",
        service=lambda v1: v1.checkout.sessions,
        params={"status": "complete"},
        is_history=True,
    ),
    Listed(name="quotes", service=lambda v1: v1.quotes, params={}, is_history=True, is_dated=False),
    # Stripe has no list of all of them. So it takes a request for each customer, and comes last.
    Listed(
        name="payment_methods",
        service=lambda v1: v1.customers.payment_methods,
        params={},
        is_history=True,
        of_each=may_pay,
        weight=33,
    ),
)


def lists_of(*, with_history: bool) -> Iterator[Listed]:
    """The lists of a back-fill, in their order."""
    return (each for each in LISTS if with_history or not each.is_history)
