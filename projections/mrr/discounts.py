"""Discounts on the amounts of one invoice: in their order, never below zero."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

from schemas.rows import Discount


class InputMissingError(Exception):
    """MRR cannot be counted; the text is the closed word for what is missing."""


def discounted(
    amounts: Mapping[str, Fraction],
    discounts: tuple[Discount, ...],
    *,
    currency: str | None,
    at: int,
    once_for: Collection[str] | None = None,
) -> dict[str, Fraction]:
    """Subtract what counts of `discounts` from each item's amount.

    Args:
        amounts: Period amount of each item, minor units.
        discounts: In Stripe's order: "20 % then 5 off" differs from "5 off then 20 %".
        currency: The items' currency; an amount off in another one does not apply.
        at: The row's time; a repeating discount that has ended does not count.
        once_for: Items among which an amount off is shared, once; all of them when None.

    Raises:
        InputMissingError: `coupon`, when a discount's terms are not known.
    """
    left = dict(amounts)
    for discount in discounts:
        if discount.end is not None and discount.end <= at:
            continue
        coupon = discount.coupon
        if coupon is None:
            raise InputMissingError("coupon")
        if coupon.duration == "once":
            continue
        if coupon.percent_off is not None:
            rest = 1 - Fraction(coupon.percent_off) / 100
            left = {item: amount * max(rest, Fraction()) for item, amount in left.items()}
        elif coupon.amount_off is not None and coupon.currency in {None, currency}:
            left.update(_less(left, Fraction(coupon.amount_off), once_for or left))
    return left


def _less(
    amounts: Mapping[str, Fraction], off: Fraction, items: Collection[str]
) -> dict[str, Fraction]:
    """Share an amount off among items in proportion, so that the sum is exact."""
    total = sum((amounts[item] for item in items), Fraction())
    if total <= 0:
        return {}
    rest = max(total - off, Fraction()) / total
    return {item: amounts[item] * rest for item in items}
