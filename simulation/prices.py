"""Prices: what one unit, or one tier, costs per interval, and how Stripe writes it.

Source: Stripe's API reference, "Price" and "Plan". Tiers are in no webhook since 2020-08-27, so the
objects have none; invoices are reckoned with them all the same.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime

from simulation.objects import DAY_S, Fields, Generation

PRICES_CREATED = 1767225600
"""2026-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Units up to and with `up_to` (None: all others) cost this much each, in minor units."""

    up_to: int | None
    unit_amount: int
    flat_amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs per interval; `unit_amount` in minor units.

    Args:
        interval: `day`, `week`, `month`, `year`; None for a price that is paid once.
        is_metered: Billed by usage, so that items have no quantity.
        tiers_mode: `graduated` or `volume`; then `tiers` count and `unit_amount` does not.
        divide_by: The quantity is divided by it and rounded up before it is priced.
    """

    id: str
    product: str
    unit_amount: int = 0
    currency: str = "usd"
    interval: str | None = "month"
    interval_count: int = 1
    is_metered: bool = False
    tiers_mode: str | None = None
    tiers: tuple[Tier, ...] = ()
    divide_by: int | None = None

    def after(self, at: int, anchor: int | None = None) -> int:
        """When a period that begins at that time ends, by the calendar as at Stripe.

        Months keep the day of `anchor`: what begins on the 31st renews on the 28th, then on the
        31st again.
        """
        if self.interval in {"day", "week"}:
            return at + self.interval_count * DAY_S * (7 if self.interval == "week" else 1)
        months = self.interval_count * (12 if self.interval == "year" else 1)
        return months_after(at, months, anchor)

    def cost(self, quantity: int) -> int:
        """What so many units cost for one period, in minor units, without discounts."""
        if self.divide_by:
            quantity = -(-quantity // self.divide_by)
        if self.tiers_mode == "volume":
            tier = next(each for each in self.tiers if _reaches(each, quantity))
            return quantity * tier.unit_amount + tier.flat_amount
        if self.tiers_mode == "graduated":
            return self._graduated(quantity)
        return quantity * self.unit_amount

    def _graduated(self, quantity: int) -> int:
        amount, counted = 0, 0
        for tier in self.tiers:
            upper = quantity if _reaches(tier, quantity) else tier.up_to or 0
            amount += (upper - counted) * tier.unit_amount + tier.flat_amount
            counted = upper
            if counted == quantity:
                break
        return amount


def months_after(at: int, months: int, anchor: int | None = None) -> int:
    """The same time of day so many months later, on the day of `anchor` where the month has it."""
    moment = datetime.fromtimestamp(at, UTC)
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    wanted = datetime.fromtimestamp(anchor or at, UTC).day
    day = min(wanted, calendar.monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())


def _reaches(tier: Tier, quantity: int) -> bool:
    return tier.up_to is None or quantity <= tier.up_to


def price_object(price: Price, generation: Generation, *, test: bool) -> Fields:
    """A price, as every API version since 2020 writes it; only meters came later."""
    is_tiered = price.tiers_mode is not None
    return {
        "id": price.id,
        "object": "price",
        "active": True,
        "billing_scheme": "tiered" if is_tiered else "per_unit",
        "created": PRICES_CREATED,
        "currency": price.currency,
        "custom_unit_amount": None,
        "livemode": not test,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": price.product,
        "recurring": None
        if price.interval is None
        else {
            "interval": price.interval,
            "interval_count": price.interval_count,
            "trial_period_days": None,
            "usage_type": "metered" if price.is_metered else "licensed",
        }
        | _meter(price, generation),
        "tax_behavior": "unspecified",
        "tiers_mode": price.tiers_mode,
        "transform_quantity": _transform(price),
        "type": "one_time" if price.interval is None else "recurring",
        "unit_amount": None if is_tiered else price.unit_amount,
        "unit_amount_decimal": None if is_tiered else str(price.unit_amount),
    }


def plan_object(price: Price, generation: Generation, *, test: bool) -> Fields:
    """The same price in the words of before 2020; items carry both to this day."""
    is_tiered = price.tiers_mode is not None
    return {
        "id": price.id,
        "object": "plan",
        "active": True,
        "amount": None if is_tiered else price.unit_amount,
        "amount_decimal": None if is_tiered else str(price.unit_amount),
        "billing_scheme": "tiered" if is_tiered else "per_unit",
        "created": PRICES_CREATED,
        "currency": price.currency,
        "interval": price.interval,
        "interval_count": price.interval_count,
        "livemode": not test,
        "metadata": {},
        "nickname": None,
        "product": price.product,
        "tiers_mode": price.tiers_mode,
        "transform_usage": _transform(price),
        "trial_period_days": None,
        "usage_type": "metered" if price.is_metered else "licensed",
    } | _meter(price, generation)


def _meter(price: Price, generation: Generation) -> Fields:
    """How usage is added up: by the price itself until 2025-03-31, by a meter since."""
    if not price.is_metered:
        return {}
    if generation is Generation.LEGACY:
        return {"aggregate_usage": "sum"}
    return {"meter": f"mtr_{price.id.removeprefix('price_')}"}


def _transform(price: Price) -> Fields | None:
    return {"divide_by": price.divide_by, "round": "up"} if price.divide_by else None


def product_object(id: str, name: str, *, test: bool) -> Fields:
    """What prices are of."""
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": PRICES_CREATED,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": not test,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": PRICES_CREATED,
        "url": None,
    }
