"""What can be listed and retrieved, by what, and which permission of a restricted key it takes.

Source: Stripe's API reference; the list parameters of stripe-python 16.1.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulation.objects import Fields

from .params import Params, span_of

Test = Callable[[Fields, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of object at the API.

    Args:
        kind: Its name in the field `object`.
        permission: Of a restricted key, without `_read` and `_write`.
        filters: List parameters, each with how it is looked up in an object.
        spans: List parameters that are times.
        hides: What is not listed unless it is asked for.
    """

    kind: str
    permission: str
    filters: Mapping[str, Test] = field(default_factory=dict)
    spans: tuple[str, ...] = ("created",)
    hides: Callable[[Fields, Params], bool] = lambda thing, params: False

    def test(self, params: Params) -> Callable[[Fields], bool]:
        """Whether an object is on the list."""
        tests = [(test, params[name]) for name, test in self.filters.items() if name in params]
        spans = [(name, span_of(params, name)) for name in self.spans if name in params]

        def matches(thing: Fields) -> bool:
            return (
                all(test(thing, value) for test, value in tests)
                and all(_within(thing.get(name), span) for name, span in spans)
                and not self.hides(thing, params)
            )

        return matches


def _within(at: int | None, span: object) -> bool:
    first, last = getattr(span, "first"), getattr(span, "last")  # noqa: B009
    return at is not None and (first is None or at >= first) and (last is None or at <= last)


def _same(*names: str) -> dict[str, Test]:
    return {name: lambda thing, value, name=name: thing.get(name) == value for name in names}


def _flag(*names: str) -> dict[str, Test]:
    return {
        name: lambda thing, value, name=name: thing.get(name) is (value == "true") for name in names
    }


def _has_price(sub: Fields, price: str) -> bool:
    return any(item["price"]["id"] == price for item in sub["items"]["data"])


def _has_status(sub: Fields, status: str) -> bool:
    if status == "ended":
        return sub["status"] in {"canceled", "incomplete_expired"}
    return status == "all" or sub["status"] == status


def _hides_canceled(sub: Fields, params: Params) -> bool:
    return sub["status"] == "canceled" and "status" not in params


def _hides_of_all(_: Fields, params: Params) -> bool:
    """There is no list of those of all customers together."""
    return "customer" not in params


def _is_of_subscription(invoice: Fields, id: str) -> bool:
    details = (invoice.get("parent") or {}).get("subscription_details") or invoice
    return details.get("subscription") == id


def _is_one_of(thing: Fields, ids: str) -> bool:
    return thing["id"] in ids


def _has_lookup_key(price: Fields, keys: str) -> bool:
    return price["lookup_key"] in keys


def _pays_with(payment: Fields, wanted: str) -> bool:
    return payment["payment"].get("payment_intent") == wanted


RESOURCES = {
    "charges": Resource(
        kind="charge", permission="charge", filters=_same("customer", "payment_intent")
    ),
    "checkout/sessions": Resource(
        kind="checkout.session",
        permission="checkout_session",
        filters=_same("customer", "payment_intent", "status", "subscription"),
    ),
    "coupons": Resource(kind="coupon", permission="coupon"),
    "credit_notes": Resource(
        kind="credit_note", permission="credit_note", filters=_same("customer", "invoice")
    ),
    "customers": Resource(
        kind="customer", permission="customer", filters=_same("email", "test_clock")
    ),
    "disputes": Resource(
        kind="dispute", permission="dispute", filters=_same("charge", "payment_intent")
    ),
    "invoice_payments": Resource(
        kind="invoice_payment",
        permission="invoice",
        filters=_same("invoice", "status") | {"payment": _pays_with},
    ),
    "invoices": Resource(
        kind="invoice",
        permission="invoice",
        filters=_same("collection_method", "customer", "status")
        | {"subscription": _is_of_subscription},
        spans=("created", "due_date"),
    ),
    "payment_methods": Resource(
        kind="payment_method",
        permission="payment_method",
        filters=_same("customer", "type"),
        spans=(),
        hides=_hides_of_all,
    ),
    "prices": Resource(
        kind="price",
        permission="plan",
        filters=_same("currency", "product", "type")
        | _flag("active")
        | {"lookup_keys": _has_lookup_key},
    ),
    "products": Resource(
        kind="product", permission="product", filters=_flag("active") | {"ids": _is_one_of}
    ),
    "quotes": Resource(
        kind="quote",
        permission="quote",
        filters=_same("customer", "status", "test_clock"),
        spans=(),
    ),
    "refunds": Resource(
        kind="refund", permission="charge", filters=_same("charge", "payment_intent")
    ),
    "subscription_schedules": Resource(
        kind="subscription_schedule",
        permission="subscription",
        filters=_same("customer"),
        spans=("canceled_at", "completed_at", "created", "released_at"),
    ),
    "subscriptions": Resource(
        kind="subscription",
        permission="subscription",
        filters=_same("collection_method", "customer", "test_clock")
        | {"plan": _has_price, "price": _has_price, "status": _has_status},
        spans=("created", "current_period_end", "current_period_start"),
        hides=_hides_canceled,
    ),
    "test_helpers/test_clocks": Resource(
        kind="test_helpers.test_clock", permission="billing_clock", spans=()
    ),
}
"""By the path of the list, after /v1/."""
