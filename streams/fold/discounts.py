"""Discounts and coupons of any API version, in our words.

Until 2025-03-31.basil a subscription carries its discount whole; from then on ids; since
2025-09-30.clover not even a discount that is shown carries its coupon. So a snapshot keeps ids, and
what is shown of discounts and coupons is kept beside it, wherever it was shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas import objects as ours
from schemas.wire import discounts as wire


class Holder(NamedTuple):
    """Whose discounts these are: of a customer; of its subscription; of one of that one's items."""

    customer: str
    subscription: str | None = None
    item: str | None = None


def discount_id(discount: wire.Discount | str, holder: Holder) -> str:
    """Its own id; before Stripe gave discounts ids, its coupon and its start, under whose it is."""
    if isinstance(discount, str):
        return discount
    if discount.id is not None:
        return discount.id
    item, subscription = _place(discount, holder)
    owner = item or subscription or holder.customer
    # The same coupon may be redeemed again, and that is another discount.
    return f"{owner}/{_coupon_id(discount)}/{discount.start or 0}"


def shown_by(
    discounts: Iterable[wire.Discount | str], holder: Holder
) -> Iterator[ours.Discount | ours.Coupon]:
    """What a list of discounts shows of them and of their coupons; nothing of bare ids."""
    for each in discounts:
        if not isinstance(each, str):
            yield from read_discount(each, holder)


def read_discount(
    discount: wire.Discount, holder: Holder, *, is_deleted: bool = False
) -> Iterator[ours.Discount | ours.Coupon]:
    """Read a discount and, where it is shown, its coupon. One of an invoice alone says nothing."""
    if discount.invoice or discount.invoice_item:
        return
    item, subscription = _place(discount, holder)
    yield ours.Discount(
        id=discount_id(discount, holder),
        coupon=_coupon_id(discount),
        subscription=subscription,
        item=item,
        start=discount.start,
        end=discount.end,
        is_deleted=is_deleted,
    )
    coupon = _coupon(discount)
    if isinstance(coupon, wire.Coupon):
        yield read_coupon(coupon)


def read_coupon(coupon: wire.Coupon, *, is_fetched: bool = False) -> ours.Coupon:
    """Read a coupon; it is whole when it was fetched, or shows what it applies to."""
    return ours.Coupon(
        id=coupon.id,
        duration=coupon.duration,
        percent_off=coupon.percent_off,
        amount_off=coupon.amount_off,
        currency=coupon.currency.lower() if coupon.currency else None,
        amounts_off={
            currency.lower(): option.amount_off
            for currency, option in (coupon.currency_options or {}).items()
        },
        products=coupon.applies_to.products if coupon.applies_to else None,
        is_whole=is_fetched or "applies_to" in coupon.model_fields_set,
        created_at=coupon.created,
    )


def _place(discount: wire.Discount, holder: Holder) -> tuple[str | None, str | None]:
    """Item and subscription that it is of, by its own word before its holder's."""
    item = discount.subscription_item or holder.item
    return item, discount.subscription or holder.subscription


def _coupon(discount: wire.Discount) -> wire.Coupon | str | None:
    return discount.coupon or (discount.source.coupon if discount.source else None)


def _coupon_id(discount: wire.Discount) -> str | None:
    coupon = _coupon(discount)
    return coupon.id if isinstance(coupon, wire.Coupon) else coupon
