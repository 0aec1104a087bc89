"""Discounts taken off the amounts of one invoice: in their order, never below zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from projections.mrr.prices import number
from projections.mrr.rules import Rules
from projections.mrr.words import InputMissingError
from schemas.objects import Coupon, Item
from schemas.rows import Facts, last_of

Level = Literal["item", "subscription", "customer"]


class Subtracted(NamedTuple):
    """One discount and what it took off a period of each item; `left_out` says why it took nothing.

    `coupon` is None only where it was not needed to know that.
    """

    discount: str
    level: Level
    coupon: Coupon | None
    off: Mapping[str, Fraction]
    left_out: str | None


@dataclass(slots=True, kw_only=True)
class Invoice:
    """The amounts of one subscription while discounts are taken off them.

    Args:
        items: The items that count, by id.
        per_month: How many of its periods a month has, of each item.
        left: What is left of one period of each item, in minor units of `currency`.
        products: How many products the whole subscription has.
        caveats: Gathered on the way.
    """

    facts: Facts
    rules: Rules
    currency: str
    items: Mapping[str, Item]
    per_month: Mapping[str, Fraction]
    left: dict[str, Fraction]
    products: int
    caveats: set[str]

    def subtract(
        self, ids: tuple[str, ...], level: Level, scope: tuple[str, ...]
    ) -> Iterator[Subtracted]:
        """Take discounts off the items in scope, one after the other.

        Raises:
            InputMissingError: `coupon`, when terms that matter are not known.
        """
        for id_ in ids:
            coupon, left_out = self._judge(id_)
            off: dict[str, Fraction] = {}
            if coupon is not None and left_out is None:
                meant = [item for item in scope if self._is_meant(coupon, item)]
                left_out, off = self._off(coupon, meant)
                self._warn(coupon, level, off, left_out)
            for item, amount in off.items():
                self.left[item] -= amount
            yield Subtracted(id_, level, coupon, off, left_out)

    def has_ended(self, id_: str) -> bool:
        """Whether a discount is known to be over: it holds while its end is still to come."""
        discount = last_of(self.facts.discounts, id_)
        return discount is not None and discount.end is not None and discount.end <= self.facts.at

    def _judge(self, id_: str) -> tuple[Coupon | None, str | None]:
        """The terms of a discount, or why they are not even asked for."""
        discount = last_of(self.facts.discounts, id_)
        coupon = last_of(self.facts.coupons, discount.coupon) if discount else None
        if self.has_ended(id_):
            return coupon, "ended"
        if coupon is None:
            raise InputMissingError("coupon")
        if coupon.duration not in self.rules.durations:
            return coupon, "once" if coupon.duration == "once" else "repeating"
        return coupon, None

    def _is_meant(self, coupon: Coupon, item: str) -> bool:
        return coupon.products is None or self.items[item].product in coupon.products

    def _off(self, coupon: Coupon, meant: list[str]) -> tuple[str | None, dict[str, Fraction]]:
        if not meant:
            return "products", {}
        if coupon.percent_off is not None:
            share = min(number(coupon.percent_off), Fraction(100)) / 100
            return None, {item: self.left[item] * share for item in meant}
        amount = self._amount_off(coupon)
        if amount is None:
            return "currency", {}
        # Once for each invoice, so it belongs to the items that are on every one of them.
        often = max(self.per_month[item] for item in meant)
        billed = [item for item in meant if self.per_month[item] == often]
        total = sum((self.left[item] for item in billed), Fraction())
        share = min(Fraction(amount), total) / total if total else Fraction()
        return None, {item: self.left[item] * share for item in billed}

    def _amount_off(self, coupon: Coupon) -> int | None:
        """The amount in this currency; None where the coupon has none."""
        if coupon.amount_off is None:
            raise InputMissingError("coupon")
        if coupon.currency in {None, self.currency}:
            return coupon.amount_off
        return coupon.amounts_off.get(self.currency)

    def _warn(
        self, coupon: Coupon, level: Level, off: Mapping[str, Fraction], left_out: str | None
    ) -> None:
        hides_products = coupon.products is None and not coupon.is_whole
        if hides_products and self.products > 1 and level != "item":
            self.caveats.add("coupon_products")
        if left_out == "currency" and not coupon.is_whole and not coupon.amounts_off:
            self.caveats.add("coupon_currency")
        if coupon.duration == "repeating" and any(self.per_month[item] < 1 for item in off):
            self.caveats.add("repeating_discount")
