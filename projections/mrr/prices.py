"""What one period of an item costs, before discounts, in exact minor units.

Source: Stripe's API reference, "Price"; its page "Tiered pricing" for tiers.
"""

from __future__ import annotations

from fractions import Fraction

from projections.mrr.words import InputMissingError
from schemas.objects import Item, Price, Tier


def period_amount(item: Item, price: Price | None, currency: str) -> Fraction:
    """Price the item's quantity in the subscription's currency.

    Args:
        item: A licensed, recurring item.
        price: What was shown of its price: tiers, other currencies.
        currency: The subscription's; where the price is in another, its options are needed.

    Raises:
        InputMissingError: `currency_options`, `tiers` or `unit_amount`.
    """
    unit_amount, tiers = item.unit_amount, price.tiers if price else ()
    if item.currency != currency:
        option = price.options.get(currency) if price else None
        if option is None:
            raise InputMissingError("currency_options")
        unit_amount, tiers = option.unit_amount, option.tiers
    if item.billing_scheme == "tiered":
        return _tiered(tiers, price.tiers_mode if price else None, quantity_of(item))
    if unit_amount is None:
        raise InputMissingError("unit_amount")
    return number(unit_amount) * quantity_of(item)


def quantity_of(item: Item) -> int:
    """What is priced: absent is 1, 0 is 0; divided first where the price says so."""
    quantity = 1 if item.quantity is None else item.quantity
    if item.divide_by:
        whole, rest = divmod(quantity, item.divide_by)
        quantity = whole + 1 if rest and item.round_up else whole
    return quantity


def number(text: str) -> Fraction:
    """Read exact decimal text; a whole number is the rule, and read as such is much faster."""
    return Fraction(int(text)) if text.isdecimal() else Fraction(text)


def _tiered(tiers: tuple[Tier, ...], mode: str | None, quantity: int) -> Fraction:
    """Volume prices all units by the tier reached; graduated prices each tier's units by it.

    Quantity 0 reaches the first tier and pays its flat amount, in both modes.
    """
    reached = _reached(tiers, quantity)
    if mode == "volume":
        return _cost(tiers[reached], quantity)
    if mode != "graduated":
        raise InputMissingError("tiers")
    total, below = Fraction(), 0
    for tier in tiers[: reached + 1]:
        upper = quantity if tier.up_to is None else min(tier.up_to, quantity)
        total += _cost(tier, upper - below)
        below = upper
    return total


def _reached(tiers: tuple[Tier, ...], quantity: int) -> int:
    for place, tier in enumerate(tiers):
        if tier.up_to is None or quantity <= tier.up_to:
            return place
    raise InputMissingError("tiers")


def _cost(tier: Tier, units: int) -> Fraction:
    return number(tier.unit_amount or "0") * units + number(tier.flat_amount or "0")
