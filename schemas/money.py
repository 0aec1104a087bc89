"""Money: exact fractions of Stripe's minor units, per currency; rounded once, at the output edge.

Source: docs/contract.md, "Money is everywhere ...". Currencies are never added to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from pydantic import BaseModel, ConfigDict

Amounts = Mapping[str, Fraction]
"""Exact amount per lower-case currency. A currency that was seen stays, with zero if need be."""


class Amount(BaseModel):
    """One currency's amount, as readers get it."""

    model_config = ConfigDict(frozen=True)

    amount_minor: int
    exact: str

    @classmethod
    def of(cls, value: Fraction) -> Amount:
        """Round half to even, once; `exact` keeps the reduced fraction."""
        return cls(amount_minor=round(value), exact=str(value))


def add(*parts: Amounts) -> dict[str, Fraction]:
    """Add up per currency."""
    total: dict[str, Fraction] = {}
    for part in parts:
        for currency, value in part.items():
            total[currency] = total[currency] + value if currency in total else value
    return total


def difference(after: Amounts, before: Amounts) -> dict[str, Fraction]:
    """What must be added to `before` to get `after`, per currency that either names."""
    return add(after, {currency: -value for currency, value in before.items()})


def written(amounts: Amounts) -> dict[str, Amount]:
    """The form of the contract, currencies in order."""
    return {currency: Amount.of(amounts[currency]) for currency in sorted(amounts)}


def exact(amounts: Amounts) -> dict[str, str]:
    """The form that rows keep: exact text, currencies in order."""
    return {currency: str(amounts[currency]) for currency in sorted(amounts)}


def from_exact(texts: Mapping[str, str]) -> dict[str, Fraction]:
    """Read what `exact` wrote."""
    return {currency: Fraction(text) for currency, text in texts.items()}


def is_zero(amounts: Iterable[Fraction]) -> bool:
    """Whether nothing is left in any currency."""
    return not any(amounts)
