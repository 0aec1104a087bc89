"""How a subscription's MRR comes about, as it is told to people and summed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from projections.mrr.subtraction import Subtracted
from schemas.objects import Item, Subscription


class ItemWorking(NamedTuple):
    """One item that counts: `amount` a period, `net` of it after discounts and tax.

    `per_month` is how many of its periods a month has; `tax` the sum of its inclusive rates in
    percent, None where none is known.
    """

    item: Item
    amount: Fraction
    per_month: Fraction
    net: Fraction
    tax: Fraction | None

    @property
    def monthly(self) -> Fraction:
        """What it is worth a month."""
        return self.net * self.per_month


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """One subscription: either `missing` says what is not known, or the amount stands.

    Args:
        currencies: One, where it counts; without a currency of its own, those of its prices.
        zero: Why it counts 0, a word of `ZERO`.
        missing: What is not known, a word of `PENDING`.
        amount: A month's worth in minor units.
        not_recurring: Items that are no part of it, with the word of `NOT_RECURRING`.
        is_leaving: Whether it has a scheduled end.
    """

    subscription: Subscription
    currencies: tuple[str, ...] = ()
    zero: str | None = None
    missing: str | None = None
    amount: Fraction = Fraction()
    items: tuple[ItemWorking, ...] = ()
    not_recurring: Mapping[str, str] = field(default_factory=dict)
    discounts: tuple[Subtracted, ...] = ()
    caveats: tuple[str, ...] = ()
    is_leaving: bool = False
