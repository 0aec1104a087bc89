"""Stripe's words to ours: a snapshot event of any API version becomes one of our events, or None.

The only place that knows Stripe's words. It decides by the fields that are present, never by
`api_version`. Source: Stripe's changelog; see docs/events.md for what each event type does.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from pydantic import ValidationError

from schemas import wire
from schemas.errors import BadRecordError, DeadLetterReason
from schemas.events import CustomerSeen, Event, SubscriptionSeen
from schemas.rows import Coupon, Customer, Discount, Item, Subscription, T, Version
from streams.fold.order import field_text

CUSTOMER_EVENTS = frozenset({"customer.created", "customer.updated", "customer.deleted"})
SUBSCRIPTION_EVENTS = frozenset(
    f"customer.subscription.{what}"
    for what in (
        "created",
        "updated",
        "deleted",
        "paused",
        "resumed",
        "trial_will_end",
        "pending_update_applied",
        "pending_update_expired",
    )
)
FOLDED_EVENTS = CUSTOMER_EVENTS | SUBSCRIPTION_EVENTS
"""Every event type that changes a row. All others are kept, ignored and counted by type."""


def translate(event: wire.Event, *, customer: str) -> Event:
    """Say what an event of a folded type tells of the customer.

    The object must belong to `customer`, the one that the record's key names.

    Raises:
        BadRecordError: `bad_object`, naming fields and never values.
    """
    try:
        if event.type in CUSTOMER_EVENTS:
            seen = _version(event, _customer)
            _same_customer(seen.snapshot.id, customer)
            return CustomerSeen(version=seen, duplicate_key=_duplicate_key(event, customer))
        owner = event.data.object.get("customer") or event.data.object.get("customer_account")
        _same_customer(owner.get("id") if isinstance(owner, dict) else owner, customer)
        version = _version(event, _subscription)
        return SubscriptionSeen(
            version=version, duplicate_key=_duplicate_key(event, version.snapshot.id)
        )
    except ValidationError as error:
        places = "; ".join(
            f"{_place(fault['loc'])}: {fault['type']}"
            for fault in error.errors(include_input=False, include_url=False)[:5]
        )
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, places) from None


def _place(loc: tuple[int | str, ...]) -> str:
    """Name a field; the keys of metadata are free text, and may be personal."""
    words = [str(part) for part in loc]
    if "metadata" in words:
        words = [*words[: words.index("metadata") + 1], "*"]
    return ".".join(words)


def _same_customer(owner: object, customer: str) -> None:
    if owner != customer:
        raise BadRecordError(
            DeadLetterReason.BAD_OBJECT, "customer: the object belongs to another than the key says"
        )


def _duplicate_key(event: wire.Event, object_id: str) -> str:
    """Time and digest of (event id, type, object id); sorts by time, so the newest are kept."""
    identity = "\0".join((event.id, event.type, object_id)).encode()
    digest = hashlib.blake2b(identity, digest_size=8).digest()
    return f"{event.created:010x}{urlsafe_b64encode(digest).decode().rstrip('=')}"


def _version(event: wire.Event, read: Callable[[wire.Event, Mapping[str, Any]], T]) -> Version[T]:
    snapshot = read(event, event.data.object)
    return Version(
        at=event.created,
        event_id=event.id,
        event_type=event.type,
        api_version=event.api_version or "",
        snapshot=snapshot,
        prior=_prior(event, snapshot, read),
    )


def _prior(
    event: wire.Event, snapshot: T, read: Callable[[wire.Event, Mapping[str, Any]], T]
) -> dict[str, str]:
    """What the object was before, in our words: only the fields that changed."""
    old_values = event.data.previous_attributes
    if not old_values:
        return {}
    try:
        before = read(event, _merged(event.data.object, old_values))
    except (ValidationError, TypeError):
        # Before 2017-04-06 arrays held only their changed elements: such a past cannot be read.
        return {}
    return {
        field.name: field_text(before, field.name)
        for field in fields(snapshot)
        if getattr(before, field.name) != getattr(snapshot, field.name)
    }


def _merged(now: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Put old values back: arrays whole, nested hashes in part, null where there was none."""
    merged = dict(now)
    for key, value in old.items():
        here = merged.get(key)
        if isinstance(value, dict) and isinstance(here, dict):
            kept = {name: each for name, each in here.items() if value.get(name, each) is not None}
            had = {name: each for name, each in value.items() if each is not None}
            merged[key] = _merged(kept, had)
        else:
            merged[key] = value
    return merged


def _customer(event: wire.Event, data: Mapping[str, Any]) -> Customer:
    seen = wire.CustomerObject.model_validate(data)
    return Customer(
        id=seen.id,
        name=seen.name,
        email=seen.email,
        currency=seen.currency,
        created_at=seen.created,
        deleted=seen.deleted or event.type == "customer.deleted",
        test_clock=seen.test_clock,
        discounts=(_discount(seen.discount),) if seen.discount else (),
        metadata=seen.metadata,
    )


def _subscription(event: wire.Event, data: Mapping[str, Any]) -> Subscription:
    seen = wire.SubscriptionObject.model_validate(data)
    status = seen.status
    if event.type == "customer.subscription.deleted" and status != "incomplete_expired":
        status = "canceled"
    why = seen.cancellation_details
    pause = seen.pause_collection
    listed = seen.items.data if seen.items else ()
    items = tuple(_item(item) for item in listed) or _plan_item(seen)
    return Subscription(
        id=seen.id,
        status=status,
        created_at=seen.created,
        trial_end=seen.trial_end,
        cancel_at=seen.cancel_at,
        cancel_at_period_end=bool(seen.cancel_at_period_end),
        canceled_at=seen.canceled_at,
        cancel_reason=why.reason if why else None,
        cancel_feedback=why.feedback if why else None,
        ended_at=seen.ended_at,
        collection_pause=pause.behavior if pause else None,
        collection_resumes_at=pause.resumes_at if pause else None,
        current_period_end=_period_end(seen, items),
        items=items,
        has_more_items=bool(seen.items and seen.items.has_more),
        discounts=tuple(_discount(discount) for discount in _discounts(seen)),
        metadata=seen.metadata,
    )


def _discounts(seen: wire.SubscriptionObject) -> tuple[wire.DiscountObject | str, ...]:
    """Before 2025-03-31.basil both may come: ids in `discounts`, one also whole in `discount`."""
    whole = seen.discount
    if whole is None:
        return seen.discounts
    return tuple(whole if each == whole.id else each for each in seen.discounts) or (whole,)


def _period_end(seen: wire.SubscriptionObject, items: tuple[Item, ...]) -> int | None:
    """Item level since 2025-03-31.basil, the smallest where they differ; top level before."""
    ends = [item.current_period_end for item in items if item.current_period_end is not None]
    return min(ends) if ends else seen.current_period_end


def _plan_item(seen: wire.SubscriptionObject) -> tuple[Item, ...]:
    """Very old subscriptions have one plan at the top and no items."""
    if seen.plan is None:
        return ()
    return (_item(wire.SubscriptionItem(id=seen.id, plan=seen.plan, quantity=seen.quantity)),)


def _item(item: wire.SubscriptionItem) -> Item:
    price = item.price or (_price_of(item.plan) if item.plan else None)
    recurring = price.recurring if price else None
    transform = price.transform_quantity if price else None
    currency = price.currency if price else None
    return Item(
        id=item.id,
        price=price.id if price else None,
        product=price.product if price else None,
        currency=currency.lower() if currency else None,
        quantity=item.quantity,
        unit_amount=_unit_amount(price) if price else None,
        interval=recurring.interval if recurring else None,
        interval_count=recurring.interval_count if recurring else 1,
        billing_scheme=price.billing_scheme if price else "per_unit",
        usage_type=recurring.usage_type if recurring else "licensed",
        divide_by=transform.divide_by if transform else None,
        round_up=bool(transform and transform.round == "up"),
        current_period_end=item.current_period_end,
        discounts=tuple(_discount(discount) for discount in item.discounts),
    )


def _price_of(plan: wire.Plan) -> wire.Price:
    """The price that a plan is: same id, other words."""
    return wire.Price(
        id=plan.id,
        product=plan.product,
        currency=plan.currency,
        unit_amount=plan.amount,
        unit_amount_decimal=plan.amount_decimal,
        billing_scheme=plan.billing_scheme,
        recurring=wire.Recurring(
            interval=plan.interval,
            interval_count=plan.interval_count,
            usage_type=plan.usage_type,
        ),
        transform_quantity=plan.transform_usage,
    )


def _unit_amount(price: wire.Price) -> str | None:
    if price.unit_amount_decimal is not None:
        return price.unit_amount_decimal
    return None if price.unit_amount is None else str(price.unit_amount)


def _discount(discount: wire.DiscountObject | str) -> Discount:
    """Terms where they came; an id alone leaves them unknown until they are fetched."""
    if isinstance(discount, str):
        return Discount(id=discount, coupon=None)
    terms = discount.coupon or (discount.source.coupon if discount.source else None)
    if not isinstance(terms, wire.CouponTerms) or terms.has_more_terms:
        return Discount(id=discount.id, coupon=None, end=discount.end)
    coupon = Coupon(
        id=terms.id,
        duration=terms.duration,
        percent_off=terms.percent_off,
        amount_off=terms.amount_off,
        currency=terms.currency.lower() if terms.currency else None,
    )
    return Discount(id=discount.id, coupon=coupon, end=discount.end)
