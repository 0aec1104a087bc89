"""Discounts and coupons, of any API version."""

from __future__ import annotations

from typing import Annotated

from schemas.wire.types import (
    Id,
    PercentText,
    Reference,
    Seconds,
    Text,
    Whole,
    Wire,
    none_is_empty,
)


class AppliesTo(Wire):
    """The products that a coupon is good for."""

    products: Annotated[tuple[Text, ...], none_is_empty] = ()


class AmountOff(Wire):
    """A coupon's amount in another currency."""

    amount_off: Whole


class Coupon(Wire):
    """A coupon, where Stripe sends it whole (never in a discount since 2025-09-30.clover)."""

    id: Id
    duration: Text = "forever"
    percent_off: PercentText = None
    amount_off: Whole | None = None
    currency: Text | None = None
    applies_to: AppliesTo | None = None
    currency_options: dict[Text, AmountOff] | None = None
    created: Seconds = 0


class DiscountSource(Wire):
    """Where a discount comes from, since 2025-09-30.clover."""

    coupon: Coupon | Text | None = None


class Discount(Wire):
    """A discount that came as an object; since 2025-03-31.basil webhooks carry ids only."""

    id: Text | None = None
    coupon: Coupon | Text | None = None
    source: DiscountSource | None = None
    subscription: Reference = None
    subscription_item: Text | None = None
    invoice: Text | None = None
    invoice_item: Text | None = None
    start: Seconds | None = None
    end: Seconds | None = None


Discounts = Annotated[tuple[Discount | Text, ...], none_is_empty]
