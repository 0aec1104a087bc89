"""Prices of any API version: what an item keeps of them, and what only asking shows."""

from __future__ import annotations

from schemas import objects as ours
from schemas.wire import prices as wire


def unit_amount(price: wire.Price | wire.CurrencyOption | wire.Tier) -> str | None:
    """Exact text of an amount in minor units; the decimal one has up to twelve places."""
    return _amount(price.unit_amount, price.unit_amount_decimal)


def read_price(price: wire.Price) -> ours.Price:
    """Read tiers, other currencies and the nickname."""
    return ours.Price(
        id=price.id,
        nickname=price.nickname,
        tiers_mode=price.tiers_mode,
        tiers=_tiers(price.tiers),
        options={
            currency.lower(): ours.CurrencyOption(
                unit_amount=unit_amount(option), tiers=_tiers(option.tiers)
            )
            for currency, option in (price.currency_options or {}).items()
        },
        created_at=price.created,
    )


def _tiers(tiers: wire.Tiers) -> tuple[ours.Tier, ...]:
    return tuple(
        ours.Tier(
            up_to=tier.up_to,
            unit_amount=unit_amount(tier),
            flat_amount=_amount(tier.flat_amount, tier.flat_amount_decimal),
        )
        for tier in tiers
    )


def _amount(whole: int | None, decimal: str | None) -> str | None:
    if decimal is not None:
        return decimal
    return None if whole is None else str(whole)
