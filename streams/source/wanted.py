"""What a row lacks that Stripe can be asked for, and whose terms it counts with; pure.

No webhook shows tiers, other currencies of a price, coupons of discounts, or more than ten items.
Source: docs/mrr.md, "Pending"; docs/enrich.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.customer_row import CustomerRow, DiscountPart, SubscriptionPart

SHOWN_WHOLE = frozenset({"items", "price", "currency", "unit_amount"})
"""Reasons of pending MRR that the whole subscription answers, in the newest API version."""
NOT_WHOLE = frozenset({"coupon_products", "coupon_currency"})
"""Caveats that a whole coupon answers."""
TIERED = "tiered"
ENDED = frozenset({"canceled", "incomplete_expired"})


class Object(NamedTuple):
    """A Stripe object by its field `object` and its id."""

    kind: str
    id: str


def wanted_by(row: CustomerRow) -> frozenset[Object]:
    """What would answer why MRR is unknown or not exact, and lists that were cut."""
    return frozenset(_wanted(row))


def used_by(row: CustomerRow) -> frozenset[Object]:
    """Prices, products and coupons of what has not ended: who is concerned when one changes."""
    return frozenset(_used(row))


def _wanted(row: CustomerRow) -> Iterator[Object]:
    reasons = {each.subscription: each.reason for each in row.pending}
    for subscription in row.subscriptions:
        itself, reason = Object("subscription", subscription.id), reasons.get(subscription.id)
        if subscription.has_more_items or reason in SHOWN_WHOLE:
            yield itself
        if reason is not None:
            yield from _prices(subscription)
        if reason is not None or NOT_WHOLE.intersection(subscription.caveats):
            yield from _coupons(_discounts(subscription), itself, row.as_of)
            yield from _coupons(_own(row), Object("customer", row.customer.id), row.as_of)


def _prices(subscription: SubscriptionPart) -> Iterator[Object]:
    for item in subscription.items:
        hides_tiers = item.billing_scheme == TIERED and not (item.tiers and item.tiers_mode)
        if item.price and (hides_tiers or subscription.currency not in {None, item.currency}):
            yield Object("price", item.price)


def _coupons(discounts: Iterable[DiscountPart], holder: Object, as_of: str) -> Iterator[Object]:
    """Coupons that are not known whole; of a discount of which only the id is known, its holder."""
    for each in discounts:
        if each.end is not None and each.end <= as_of:
            continue
        if each.coupon_id is None:
            yield holder
        elif each.coupon is None or not each.coupon.is_whole:
            yield Object("coupon", each.coupon_id)


def _used(row: CustomerRow) -> Iterator[Object]:
    living = [each for each in row.subscriptions if each.status not in ENDED]
    for subscription in living:
        for item in subscription.items:
            if item.price:
                yield Object("price", item.price)
            if item.product:
                yield Object("product", item.product)
    discounts = [*_own(row), *(each for sub in living for each in _discounts(sub))]
    for discount in discounts:
        if discount.coupon_id:
            yield Object("coupon", discount.coupon_id)


def _discounts(subscription: SubscriptionPart) -> Iterator[DiscountPart]:
    yield from subscription.discounts
    for item in subscription.items:
        yield from item.discounts


def _own(row: CustomerRow) -> Iterator[DiscountPart]:
    if row.customer.discount:
        yield row.customer.discount
