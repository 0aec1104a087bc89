"""Wire format: the fields of Stripe's events and objects that we read, and no others.

Source: Stripe API reference and changelog, 2017 to 2026-10-28.endive. Unknown fields are ignored on
purpose: Stripe adds fields without a new API version. Numbers must be whole where Stripe counts in
whole units: a float in place of an amount is refused, never rounded.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr


def _reference(value: object) -> object:
    """An object that came expanded stands for its id."""
    return value.get("id") if isinstance(value, dict) else value


def _decimal_text(value: object) -> object:
    """Exact decimals come as text; whole numbers are as exact."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _percent(value: object) -> object:
    """`percent_off` is a JSON number such as 33.33: its shortest text is what Stripe wrote."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


DECIMAL = r"^-?\d{1,24}(\.\d{1,12})?$"
Reference = Annotated[StrictStr | None, BeforeValidator(_reference)]
DecimalText = Annotated[
    Annotated[StrictStr, Field(pattern=DECIMAL)] | None, BeforeValidator(_decimal_text)
]
PercentText = Annotated[
    Annotated[StrictStr, Field(pattern=DECIMAL)] | None, BeforeValidator(_percent)
]
# Up to 2^63-1: orjson turns larger ones into floats, which StrictInt refuses.
Whole = Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]
# Up to the year 9999, the last that has a date.
Seconds = Annotated[StrictInt, Field(ge=0, lt=253_402_300_800)]
Metadata = Annotated[
    dict[StrictStr, StrictStr], BeforeValidator(lambda value: {} if value is None else value)
]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class EventData(_Wire):
    """The object as it was when the event was made, and the old values of what changed."""

    object: dict[str, Any]
    previous_attributes: dict[str, Any] | None = None


class Event(_Wire):
    """Stripe's snapshot event. `created` has whole seconds and is often tied."""

    id: Annotated[StrictStr, Field(min_length=1, max_length=255)]
    type: Annotated[StrictStr, Field(min_length=1, max_length=255)]
    created: Seconds
    data: EventData
    api_version: StrictStr | None = None


class CouponTerms(_Wire):
    """A coupon, where Stripe sends it whole (never since 2025-09-30.clover)."""

    id: StrictStr
    duration: StrictStr = "forever"
    percent_off: PercentText = None
    amount_off: Whole | None = None
    currency: StrictStr | None = None
    applies_to: dict[str, Any] | None = None
    currency_options: dict[str, Any] | None = None

    @property
    def has_more_terms(self) -> bool:
        """Whether there are terms that MRR does not read: better unknown than wrong."""
        return bool(self.applies_to or self.currency_options)


class DiscountSource(_Wire):
    """Where a discount comes from, since 2025-09-30.clover."""

    coupon: CouponTerms | StrictStr | None = None


class DiscountObject(_Wire):
    """A discount that came as an object; since 2025-03-31.basil webhooks carry ids only."""

    id: StrictStr | None = None
    coupon: CouponTerms | StrictStr | None = None
    source: DiscountSource | None = None
    end: Seconds | None = None


Discounts = Annotated[
    tuple[DiscountObject | StrictStr, ...],
    BeforeValidator(lambda value: () if value is None else value),
]


class Recurring(_Wire):
    """How often a price bills."""

    interval: StrictStr
    interval_count: Annotated[StrictInt, Field(ge=1)] = 1
    usage_type: StrictStr = "licensed"


class Transform(_Wire):
    """`transform_quantity`: the quantity is divided before it is priced."""

    divide_by: Annotated[StrictInt, Field(ge=1)]
    round: StrictStr


class Price(_Wire):
    """An item's price since 2020; one-time prices have no `recurring`."""

    id: StrictStr
    product: Reference = None
    currency: StrictStr | None = None
    unit_amount: Whole | None = None
    unit_amount_decimal: DecimalText = None
    billing_scheme: StrictStr = "per_unit"
    recurring: Recurring | None = None
    transform_quantity: Transform | None = None


class Plan(_Wire):
    """An item's plan; very old accounts have items with nothing else."""

    id: StrictStr
    product: Reference = None
    currency: StrictStr | None = None
    amount: Whole | None = None
    amount_decimal: DecimalText = None
    billing_scheme: StrictStr = "per_unit"
    interval: StrictStr
    interval_count: Annotated[StrictInt, Field(ge=1)] = 1
    usage_type: StrictStr = "licensed"
    transform_usage: Transform | None = None


class SubscriptionItem(_Wire):
    """One item; its period is on the item since 2025-03-31.basil."""

    id: StrictStr
    price: Price | None = None
    plan: Plan | None = None
    quantity: Annotated[StrictInt, Field(ge=0)] | None = None
    current_period_end: Seconds | None = None
    discounts: Discounts = ()


ItemT = TypeVar("ItemT")


class StripeList(_Wire, Generic[ItemT]):
    """A nested list; webhooks carry its first ten members."""

    data: tuple[ItemT, ...] = ()
    has_more: bool = False


class PauseCollection(_Wire):
    """Collection on hold; the status stays as it is and periods go on."""

    behavior: StrictStr
    resumes_at: Seconds | None = None


class CancellationDetails(_Wire):
    """Why a subscription was canceled."""

    reason: StrictStr | None = None
    feedback: StrictStr | None = None


class SubscriptionObject(_Wire):
    """A subscription of any API version."""

    id: Annotated[StrictStr, Field(min_length=1, max_length=255)]
    customer: Reference = None
    customer_account: Reference = None
    status: Annotated[StrictStr, Field(min_length=1, max_length=64)]
    created: Seconds | None = None
    trial_end: Seconds | None = None
    cancel_at: Seconds | None = None
    cancel_at_period_end: bool | None = None
    canceled_at: Seconds | None = None
    cancellation_details: CancellationDetails | None = None
    ended_at: Seconds | None = None
    pause_collection: PauseCollection | None = None
    current_period_end: Seconds | None = None
    items: StripeList[SubscriptionItem] | None = None
    plan: Plan | None = None
    quantity: Annotated[StrictInt, Field(ge=0)] | None = None
    discount: DiscountObject | None = None
    discounts: Discounts = ()
    metadata: Metadata = {}


class CustomerObject(_Wire):
    """A customer of any API version; a deleted one has little more than its id."""

    id: Annotated[StrictStr, Field(min_length=1, max_length=255)]
    name: StrictStr | None = None
    email: StrictStr | None = None
    currency: StrictStr | None = None
    created: Seconds | None = None
    deleted: bool = False
    test_clock: Reference = None
    discount: DiscountObject | None = None
    metadata: Metadata = {}
