"""Subscriptions and their items, of any API version."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, StrictInt, model_validator

from schemas.wire.discounts import Discount, Discounts
from schemas.wire.payment_methods import Default
from schemas.wire.prices import Plan, Price
from schemas.wire.types import (
    Id,
    Metadata,
    PercentText,
    Reference,
    Seconds,
    Text,
    Wire,
    none_is_empty,
)

Quantity = Annotated[StrictInt, Field(ge=0)]


class TaxRate(Wire):
    """A tax rate; only inclusive ones are part of what a price costs."""

    percentage: PercentText = None
    inclusive: bool = False


TaxRates = Annotated[tuple[TaxRate | Text, ...], none_is_empty]


class CurrentTrial(Wire):
    """An item's own trial offer, since 2026-09-30.endive; it may be a paid one."""

    end_date: Seconds | None = None


class SubscriptionItem(Wire):
    """One item; its period is on the item since 2025-03-31.basil."""

    id: Id
    price: Price | None = None
    plan: Plan | None = None
    quantity: Quantity | None = None
    current_period_end: Seconds | None = None
    current_trial: CurrentTrial | None = None
    tax_rates: TaxRates = ()
    discounts: Discounts = ()

    @model_validator(mode="before")
    @classmethod
    def _price_alone(cls, data: Any) -> Any:
        """Where there is a price, the plan says the same in older words, or nothing any more."""
        is_twice = isinstance(data, dict) and data.get("price") is not None
        return {**data, "plan": None} if is_twice else data


ItemT = TypeVar("ItemT")


class StripeList(Wire, Generic[ItemT]):
    """A nested list; webhooks carry its first ten members."""

    data: tuple[ItemT, ...] = ()
    has_more: bool = False


class PauseCollection(Wire):
    """Collection on hold; the status stays as it is and periods go on."""

    behavior: Text
    resumes_at: Seconds | None = None


class PausedBy(Wire):
    """Why a subscription's status is `paused`."""

    type: Text | None = None


class Paused(Wire):
    """Since when and why, since 2026-09-30.endive."""

    transitioned_at: Seconds | None = None
    subscription: PausedBy | None = None


class StatusDetails(Wire):
    """Details of the status."""

    paused: Paused | None = None


class CancellationDetails(Wire):
    """Why a subscription was canceled."""

    reason: Text | None = None
    feedback: Text | None = None


class Subscription(Wire):
    """A subscription of any API version."""

    id: Id
    status: Annotated[Text, Field(min_length=1, max_length=64)]
    created: Seconds = 0
    start_date: Seconds | None = None
    start: Seconds | None = None
    currency: Text | None = None
    trial_end: Seconds | None = None
    cancel_at: Seconds | None = None
    cancel_at_period_end: bool | None = None
    canceled_at: Seconds | None = None
    cancellation_details: CancellationDetails | None = None
    ended_at: Seconds | None = None
    pause_collection: PauseCollection | None = None
    status_details: StatusDetails | None = None
    current_period_end: Seconds | None = None
    items: StripeList[SubscriptionItem] | None = None
    plan: Plan | None = None
    quantity: Quantity | None = None
    discount: Discount | None = None
    discounts: Discounts = ()
    default_tax_rates: TaxRates = ()
    schedule: Reference = None
    latest_invoice: Reference = None
    default_payment_method: Default = None
    default_source: Default = None
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _items_alone(cls, data: Any) -> Any:
        """Where there are items, the plan at the top says the same in older words."""
        items = data.get("items") if isinstance(data, dict) else None
        has_items = isinstance(items, dict) and bool(items.get("data"))
        return {**data, "plan": None} if has_items else data
