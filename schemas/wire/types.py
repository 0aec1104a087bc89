"""Kinds of fields that Stripe's objects share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from schemas.times import YEAR_10000


def _reference(value: object) -> object:
    """An object that came expanded stands for its id."""
    return value.get("id") if isinstance(value, dict) else value


def _decimal_text(value: object) -> object:
    """Exact decimals come as text; whole numbers are as exact."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _percent(value: object) -> object:
    """A percentage is a JSON number such as 33.33: its shortest text is what Stripe wrote."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return f"{Decimal(str(value)):f}"


def _within(value: object, least: int, most: int) -> object:
    """A whole number in this range, or nothing."""
    return value if type(value) is int and least <= value <= most else None


DECIMAL = r"^-?\d{1,24}(\.\d{1,12})?$"
PERCENT = r"^-?\d{1,24}(\.\d{1,24})?$"
Text = StrictStr
Id = Annotated[StrictStr, Field(min_length=1, max_length=255)]
Reference = Annotated[StrictStr | None, BeforeValidator(_reference)]
DecimalText = Annotated[
    Annotated[StrictStr, Field(pattern=DECIMAL)] | None, BeforeValidator(_decimal_text)
]
PercentText = Annotated[
    Annotated[StrictStr, Field(pattern=PERCENT)] | None, BeforeValidator(_percent)
]
# Up to 2^63-1: orjson turns larger ones into floats, which StrictInt refuses.
Whole = Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]
# What is read of a card is beside the point of the object that shows it: an odd one is left out.
Month = Annotated[int | None, BeforeValidator(lambda value: _within(value, 1, 12))]
Year = Annotated[int | None, BeforeValidator(lambda value: _within(value, 1970, 9998))]
Count = Annotated[StrictInt, Field(ge=1)]
Seconds = Annotated[StrictInt, Field(ge=0, lt=YEAR_10000)]
Metadata = Annotated[
    dict[StrictStr, StrictStr], BeforeValidator(lambda value: {} if value is None else value)
]
none_is_empty = BeforeValidator(lambda value: () if value is None else value)


class Wire(BaseModel):
    """Base of all that is read from Stripe."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
