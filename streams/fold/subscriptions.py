"""Subscriptions and their items of any API version, in our words, decided by the fields present."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schemas import objects as ours
from schemas.wire import subscriptions as wire
from schemas.wire.discounts import Discount
from schemas.wire.prices import Price
from streams.fold.discounts import Holder, discount_id, shown_by
from streams.fold.payment_methods import default_id, shown_defaults
from streams.fold.prices import read_price, unit_amount


def read_subscription(
    seen: wire.Subscription, customer: str, *, is_deleted: bool
) -> ours.Subscription:
    """Read the whole of a subscription; `is_deleted` when the event says that it ended."""
    status = seen.status
    if is_deleted and status != "incomplete_expired":
        status = "canceled"
    why, pause = seen.cancellation_details, seen.pause_collection
    paused = seen.status_details.paused if seen.status_details else None
    items = tuple(_item(item, Holder(customer, seen.id, item.id)) for item in _items(seen))
    holder = Holder(customer, seen.id)
    return ours.Subscription(
        id=seen.id,
        status=status,
        created_at=seen.created,
        start_date=seen.start if seen.start_date is None else seen.start_date,
        currency=seen.currency.lower() if seen.currency else None,
        trial_end=seen.trial_end,
        cancel_at=seen.cancel_at,
        cancel_at_period_end=bool(seen.cancel_at_period_end),
        canceled_at=seen.canceled_at,
        cancel_reason=why.reason if why else None,
        cancel_feedback=why.feedback if why else None,
        ended_at=seen.ended_at,
        collection_pause=pause.behavior if pause else None,
        collection_resumes_at=pause.resumes_at if pause else None,
        pause_reason=paused.subscription.type if paused and paused.subscription else None,
        paused_at=paused.transitioned_at if paused else None,
        current_period_end=_period_end(seen, items),
        items=items,
        has_more_items=bool(seen.items and seen.items.has_more),
        discounts=tuple(discount_id(each, holder) for each in _discounts(seen)),
        tax_included=_tax_included(seen.default_tax_rates),
        schedule=seen.schedule,
        latest_invoice=seen.latest_invoice,
        default_payment_method=default_id(seen.default_payment_method),
        default_source=default_id(seen.default_source),
        metadata=seen.metadata,
    )


def shown_with(
    seen: wire.Subscription, customer: str
) -> Iterator[ours.Discount | ours.Coupon | ours.Price | ours.PaymentMethod]:
    """What a subscription shows of other objects: discounts, coupons, tiers, ways to pay."""
    yield from shown_defaults(seen.default_payment_method, seen.default_source)
    yield from shown_by(_discounts(seen), Holder(customer, seen.id))
    for item in _items(seen):
        yield from shown_by(item.discounts, Holder(customer, seen.id, item.id))
        price = _price(item)
        if price and (price.tiers or price.currency_options):
            yield read_price(price)


def _items(seen: wire.Subscription) -> tuple[wire.SubscriptionItem, ...]:
    """Very old subscriptions have one plan at the top and no items."""
    if seen.items and seen.items.data:
        return seen.items.data
    if seen.plan is None:
        return ()
    return (wire.SubscriptionItem(id=seen.id, plan=seen.plan, quantity=seen.quantity),)


def _discounts(seen: wire.Subscription) -> tuple[Discount | str, ...]:
    """Before 2025-03-31.basil both may come: ids in `discounts`, one also whole in `discount`."""
    whole = seen.discount
    if whole is None:
        return seen.discounts
    return tuple(whole if each == whole.id else each for each in seen.discounts) or (whole,)


def _period_end(seen: wire.Subscription, items: tuple[ours.Item, ...]) -> int | None:
    """Item level since 2025-03-31.basil, the smallest where they differ; top level before."""
    ends = [item.current_period_end for item in items if item.current_period_end is not None]
    return min(ends) if ends else seen.current_period_end


def _price(item: wire.SubscriptionItem) -> Price | None:
    return item.price or (item.plan.as_price() if item.plan else None)


def _item(item: wire.SubscriptionItem, holder: Holder) -> ours.Item:
    price = _price(item)
    bare = ours.Item(
        id=item.id,
        quantity=item.quantity,
        tax_included=_tax_included(item.tax_rates) if item.tax_rates else None,
        trial_end=item.current_trial.end_date if item.current_trial else None,
        current_period_end=item.current_period_end,
        discounts=tuple(discount_id(each, holder) for each in item.discounts),
    )
    return _priced(bare, price) if price else bare


def _priced(item: ours.Item, price: Price) -> ours.Item:
    recurring, transform = price.recurring, price.transform_quantity
    return replace(
        item,
        price=price.id,
        product=price.product,
        nickname=price.nickname,
        currency=price.currency.lower() if price.currency else None,
        unit_amount=unit_amount(price),
        interval=recurring.interval if recurring else None,
        interval_count=recurring.interval_count if recurring else 1,
        billing_scheme=price.billing_scheme,
        usage_type=recurring.usage_type if recurring else "licensed",
        divide_by=transform.divide_by if transform else None,
        round_up=bool(transform and transform.round == "up"),
        tax_behavior=price.tax_behavior,
    )


def _tax_included(rates: wire.TaxRates) -> tuple[str, ...]:
    return tuple(
        rate.percentage
        for rate in rates
        if isinstance(rate, wire.TaxRate) and rate.inclusive and rate.percentage is not None
    )
