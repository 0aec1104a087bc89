"""Coupons and the discounts that come of redeeming them.

Source: Stripe's API reference and changelog: until 2025-09-30.clover a discount has its coupon
inside, since then only the coupon's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from simulation.objects import Fields, Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """What is taken off: a percentage, or an amount in minor units of `currency`.

    `duration` is `forever`, `once`, or `repeating` for so many `months`.
    """

    id: str
    created: int
    percent_off: float | None = None
    amount_off: int | None = None
    currency: str | None = None
    duration: str = "forever"
    months: int | None = None

    def off(self, amount: Fraction, currency: str) -> Fraction:
        """What it takes off an amount: never more than there is, nothing in another currency."""
        if self.percent_off is not None:
            return amount * Fraction(str(self.percent_off)) / 100
        if self.currency != currency:
            return Fraction(0)
        return min(amount, Fraction(self.amount_off or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A coupon redeemed: by a subscription, by one item, or by the customer when by neither."""

    id: str
    coupon: Coupon
    customer: str
    start: int
    end: int | None = None
    subscription: str | None = None
    item: str | None = None


def coupon_object(coupon: Coupon, *, redeemed: int, test: bool) -> Fields:
    """A coupon; `redeemed` is how often it was."""
    return {
        "id": coupon.id,
        "object": "coupon",
        "amount_off": coupon.amount_off,
        "created": coupon.created,
        "currency": coupon.currency,
        "duration": coupon.duration,
        "duration_in_months": coupon.months,
        "livemode": not test,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": coupon.percent_off,
        "redeem_by": None,
        "times_redeemed": redeemed,
        "valid": True,
    }


def discount_object(discount: Discount, generation: Generation, *, test: bool) -> Fields:
    """Write what was redeemed; since 2025-09-30 only the coupon's id is in it."""
    fields: Fields = {
        "id": discount.id,
        "object": "discount",
        "checkout_session": None,
        "customer": discount.customer,
        "end": discount.end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "start": discount.start,
        "subscription": discount.subscription,
    }
    if generation >= Generation.CLOVER:
        return fields | {
            "subscription_item": discount.item,
            "source": {"type": "coupon", "coupon": discount.coupon.id},
        }
    if discount.item:
        fields["subscription_item"] = discount.item
    return fields | {"coupon": coupon_object(discount.coupon, redeemed=1, test=test)}
