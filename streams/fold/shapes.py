"""Reads a Stripe object by its kind: the object itself, and what it shows of others with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.objects import Coupon, Price, Thing
from schemas.wire import discounts as coupons
from schemas.wire import objects, payment_methods, prices, subscriptions
from streams.fold.discounts import Holder, read_coupon, read_discount
from streams.fold.event_types import Effect
from streams.fold.objects import (
    read_checkout,
    read_customer,
    read_invoice,
    read_schedule,
    read_upcoming,
    shown_with_customer,
)
from streams.fold.payment_methods import read_payment_method
from streams.fold.prices import read_price
from streams.fold.subscriptions import read_subscription, shown_with

EFFECT_OF_OBJECT = {
    "customer": Effect.CUSTOMER,
    "subscription": Effect.SUBSCRIPTION,
    "discount": Effect.DISCOUNT,
    "invoice": Effect.INVOICE,
    "subscription_schedule": Effect.SCHEDULE,
    "checkout.session": Effect.CHECKOUT,
    "payment_method": Effect.PAYMENT_METHOD,
}
"""Which event's effect an object has when it was fetched."""


def read_things(
    effect: Effect, thing: Mapping[str, Any], customer: str, *, is_deleted: bool
) -> tuple[Thing, ...]:
    """Read an object of a customer, itself first; nothing of what is an invoice's alone.

    Raises:
        ValidationError: It lacks what its kind must have.
    """
    return tuple(_READERS[effect](thing, customer, is_deleted))


def read_terms(thing: Mapping[str, Any]) -> Coupon | Price | None:
    """Read a fetched coupon or price, which belong to no customer; None for anything else.

    Raises:
        ValidationError: It lacks what its kind must have.
    """
    match thing.get("object"):
        case "coupon":
            return read_coupon(coupons.Coupon.model_validate(thing), is_fetched=True)
        case "price":
            return read_price(prices.Price.model_validate(thing))
        case "plan":
            return read_price(prices.Plan.model_validate(thing).as_price())
        case _:
            return None


def _customer(thing: Mapping[str, Any], _: str, is_deleted: bool) -> Iterator[Thing]:
    seen = objects.Customer.model_validate(thing)
    yield read_customer(seen, is_deleted=is_deleted)
    yield from shown_with_customer(seen)


def _subscription(thing: Mapping[str, Any], customer: str, is_deleted: bool) -> Iterator[Thing]:
    seen = subscriptions.Subscription.model_validate(thing)
    yield read_subscription(seen, customer, is_deleted=is_deleted)
    yield from shown_with(seen, customer)
    owner = thing.get("customer")
    if isinstance(owner, dict) and {"created", "discount"} & owner.keys():
        yield from _customer(owner, customer, False)
    for name, read in (("schedule", _schedule), ("latest_invoice", _invoice)):
        expanded = thing.get(name)
        if isinstance(expanded, dict) and "status" in expanded:
            yield from read(expanded, customer, False)


def _discount(thing: Mapping[str, Any], customer: str, is_deleted: bool) -> Iterator[Thing]:
    seen = coupons.Discount.model_validate(thing)
    return read_discount(seen, Holder(customer), is_deleted=is_deleted)


def _invoice(thing: Mapping[str, Any], _: str, is_deleted: bool) -> Iterator[Thing]:
    yield read_invoice(objects.Invoice.model_validate(thing), is_deleted=is_deleted)


def _upcoming(thing: Mapping[str, Any], _: str, __: bool) -> Iterator[Thing]:
    upcoming = read_upcoming(objects.UpcomingInvoice.model_validate(thing))
    if upcoming:
        yield upcoming


def _payment_method(thing: Mapping[str, Any], _: str, is_deleted: bool) -> Iterator[Thing]:
    seen = payment_methods.PaymentMethod.model_validate(thing)
    yield read_payment_method(seen, is_detached=is_deleted)


def _schedule(thing: Mapping[str, Any], _: str, __: bool) -> Iterator[Thing]:
    yield read_schedule(objects.SubscriptionSchedule.model_validate(thing))


def _checkout(thing: Mapping[str, Any], _: str, __: bool) -> Iterator[Thing]:
    yield read_checkout(objects.CheckoutSession.model_validate(thing))


_READERS: dict[Effect, Callable[[Mapping[str, Any], str, bool], Iterator[Thing]]] = {
    Effect.CUSTOMER: _customer,
    Effect.SUBSCRIPTION: _subscription,
    Effect.DISCOUNT: _discount,
    Effect.INVOICE: _invoice,
    Effect.UPCOMING: _upcoming,
    Effect.SCHEDULE: _schedule,
    Effect.CHECKOUT: _checkout,
    Effect.PAYMENT_METHOD: _payment_method,
}
