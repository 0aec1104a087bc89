"""Reads a customer row back into the objects that its MRR is counted from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from schemas import customer_row as parts
from schemas.objects import (
    Coupon,
    Customer,
    Discount,
    Item,
    Price,
    Schedule,
    Subscription,
    Thing,
    Tier,
)
from schemas.wire.types import Count, DecimalText

_decimal = TypeAdapter(DecimalText).validate_python
_count = TypeAdapter(Count).validate_python


def things_of_row(body: Mapping[str, Any]) -> tuple[str, int, tuple[Thing, ...]]:
    """The customer's id, the row's time, and what it says of customer and subscriptions.

    Raises:
        ValueError: It is no customer row of this release.
    """
    row = parts.CustomerRow.model_validate(body)
    return row.customer.id, _seconds(row.as_of), tuple(_things(row))


def _things(row: parts.CustomerRow) -> Iterator[Thing]:
    own = row.customer.discount
    yield Customer(id=row.customer.id, discount=own.id if own else None)
    yield from _terms((own,) if own else ())
    for each in row.subscriptions:
        yield _subscription(each)
        yield from _terms(each.discounts, subscription=each.id)
        schedule = each.schedule
        if schedule and schedule.status and schedule.end_behavior:
            yield Schedule(
                id=schedule.id, status=schedule.status, end_behavior=schedule.end_behavior
            )
        for item in each.items:
            yield from _terms(item.discounts, subscription=each.id, item=item.id)
            if item.price and item.tiers:
                yield _price(item.price, item)


def _subscription(part: parts.SubscriptionPart) -> Subscription:
    pause = part.pause if part.pause and part.pause.kind == "collection" else None
    return Subscription(
        id=part.id,
        status=part.status,
        created_at=_seconds_or_none(part.created_at) or 0,
        currency=part.currency,
        cancel_at=_seconds_or_none(part.cancel_at),
        cancel_at_period_end=part.cancel_scheduled,
        collection_pause=pause.behavior if pause else None,
        collection_resumes_at=_seconds_or_none(pause.resumes_at) if pause else None,
        items=tuple(_item(each) for each in part.items),
        has_more_items=part.has_more_items,
        discounts=tuple(each.id for each in part.discounts),
        tax_included=_percentages(part.tax_included),
        schedule=part.schedule.id if part.schedule else None,
        metadata=part.metadata,
    )


def _item(part: parts.ItemPart) -> Item:
    return Item(
        id=part.id,
        price=part.price,
        product=part.product,
        nickname=part.nickname,
        currency=part.currency,
        quantity=part.quantity,
        unit_amount=_decimal(part.unit_amount),
        interval=part.interval,
        interval_count=_count(part.interval_count),
        billing_scheme=part.billing_scheme,
        usage_type=part.usage_type,
        divide_by=part.divide_by,
        round_up=part.round_up,
        tax_behavior=part.tax_behavior,
        tax_included=None if part.tax_included is None else _percentages(part.tax_included),
        trial_end=_seconds_or_none(part.trial_end),
        discounts=tuple(each.id for each in part.discounts),
    )


def _price(price: str, item: parts.ItemPart) -> Price:
    return Price(
        id=price,
        tiers_mode=item.tiers_mode,
        tiers=tuple(
            Tier(
                up_to=each.up_to,
                unit_amount=_decimal(each.unit_amount),
                flat_amount=_decimal(each.flat_amount),
            )
            for each in item.tiers
        ),
    )


def _terms(
    discounts: tuple[parts.DiscountPart, ...],
    *,
    subscription: str | None = None,
    item: str | None = None,
) -> Iterator[Discount | Coupon]:
    for each in discounts:
        coupon = each.coupon
        if coupon or each.end:
            yield Discount(
                id=each.id,
                coupon=coupon.id if coupon else None,
                subscription=subscription,
                item=item,
                end=_seconds_or_none(each.end),
            )
        if coupon:
            main = next(iter(coupon.amounts_off), None)
            yield Coupon(
                id=coupon.id,
                duration=coupon.duration,
                percent_off=_decimal(coupon.percent_off),
                amount_off=None if main is None else coupon.amounts_off[main],
                currency=main or None,
                amounts_off=coupon.amounts_off,
                products=coupon.products,
                is_whole=coupon.is_whole,
            )


def _percentages(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for each in texts if (text := _decimal(each)))


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _seconds_or_none(text: str | None) -> int | None:
    return None if text is None else _seconds(text)
