"""Prices and plans, of any API version."""

from __future__ import annotations

from typing import Annotated

from schemas.wire.types import (
    Count,
    DecimalText,
    Id,
    Reference,
    Seconds,
    Text,
    Whole,
    Wire,
    none_is_empty,
)


class Recurring(Wire):
    """How often a price bills."""

    interval: Text
    interval_count: Count = 1
    usage_type: Text = "licensed"


class Transform(Wire):
    """`transform_quantity`: the quantity is divided before it is priced."""

    divide_by: Count
    round: Text


class Tier(Wire):
    """One tier, shown only when asked for since 2020-08-27."""

    up_to: Whole | None = None
    unit_amount: Whole | None = None
    unit_amount_decimal: DecimalText = None
    flat_amount: Whole | None = None
    flat_amount_decimal: DecimalText = None


Tiers = Annotated[tuple[Tier, ...], none_is_empty]


class CurrencyOption(Wire):
    """What a price costs in another currency; shown only when asked for."""

    unit_amount: Whole | None = None
    unit_amount_decimal: DecimalText = None
    tiers: Tiers = ()


class Price(Wire):
    """An item's price since 2020; one-time prices have no `recurring`."""

    id: Id
    product: Reference = None
    nickname: Text | None = None
    currency: Text | None = None
    unit_amount: Whole | None = None
    unit_amount_decimal: DecimalText = None
    billing_scheme: Text = "per_unit"
    recurring: Recurring | None = None
    transform_quantity: Transform | None = None
    tax_behavior: Text | None = None
    tiers_mode: Text | None = None
    tiers: Tiers = ()
    currency_options: dict[Text, CurrencyOption] | None = None
    created: Seconds = 0


class Plan(Wire):
    """An item's plan; very old accounts have items with nothing else."""

    id: Id
    product: Reference = None
    nickname: Text | None = None
    currency: Text | None = None
    amount: Whole | None = None
    amount_decimal: DecimalText = None
    billing_scheme: Text = "per_unit"
    interval: Text | None = None
    interval_count: Count = 1
    usage_type: Text = "licensed"
    transform_usage: Transform | None = None
    tiers_mode: Text | None = None
    tiers: Tiers = ()
    created: Seconds = 0

    def as_price(self) -> Price:
        """The price that a plan is: same id, other words."""
        return Price(
            id=self.id,
            product=self.product,
            nickname=self.nickname,
            currency=self.currency,
            unit_amount=self.amount,
            unit_amount_decimal=self.amount_decimal,
            billing_scheme=self.billing_scheme,
            recurring=Recurring(
                interval=self.interval,
                interval_count=self.interval_count,
                usage_type=self.usage_type,
            )
            if self.interval
            else None,
            transform_quantity=self.transform_usage,
            tiers_mode=self.tiers_mode,
            tiers=self.tiers,
            created=self.created,
        )
