"""Conditions on a subscription, as rules in `subfold.toml` write them; typed field by field.

A bare value means `equals`, a list `any_of`, a table names operators, which must all hold.
Source: docs/stages.md.
"""

from __future__ import annotations

import json
from collections.abc import Sized
from functools import cached_property
from math import inf
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
    model_serializer,
    model_validator,
)

Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500)]
Whole = Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]
Listed = BeforeValidator(lambda value: value if isinstance(value, list | tuple) else (value,))


def _not_empty(values: Sized) -> Sized:
    if not values:
        raise ValueError("it is empty: name at least one")
    return values


Texts = Annotated[tuple[Text, ...], AfterValidator(_not_empty)]
Numbers = Annotated[tuple[Whole, ...], AfterValidator(_not_empty)]
Flags = Annotated[tuple[StrictBool, ...], AfterValidator(_not_empty)]


class _Operators(BaseModel):
    """What a field's value must be; operators that are not given do not count."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    KIND: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, given: Any) -> Any:
        if isinstance(given, _Operators):
            return given
        if isinstance(given, list | tuple):
            return {"any_of": given}
        if not isinstance(given, dict):
            return {"any_of": (given,)}
        if not given:
            raise ValueError("a table of conditions names at least one operator")
        if "equals" in given and "any_of" not in given:
            # One way to write it down, so that files that mean the same have the same hash.
            rest = {word: value for word, value in given.items() if word != "equals"}
            return {**rest, "any_of": (given["equals"],)}
        return given

    @model_serializer(mode="wrap")
    def _in_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what does not count; a list alone is the list, one number or flag itself."""
        told = {word.rstrip("_"): it for word, it in handler(self).items() if it is not None}
        if told.keys() != {"any_of"}:
            return told
        listed = told["any_of"]
        return listed[0] if len(listed) == 1 and not isinstance(listed[0], str) else listed


class TextCondition(_Operators):
    """A condition on text; upper and lower case differ."""

    KIND: ClassVar[str] = "text"

    any_of: Texts | None = None
    equals: Text | None = None
    not_: Annotated[Texts | None, Listed] = Field(default=None, alias="not")
    exists: StrictBool | None = None
    contains: Text | None = None


class NumberCondition(_Operators):
    """A condition on a whole number."""

    KIND: ClassVar[str] = "a number"

    any_of: Numbers | None = None
    equals: Whole | None = None
    not_: Annotated[Numbers | None, Listed] = Field(default=None, alias="not")
    exists: StrictBool | None = None
    greater: Whole | None = None
    less: Whole | None = None
    at_least: Whole | None = None
    at_most: Whole | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        """A rule that no subscription can ever meet is a slip, and would be silent for ever."""
        if not (self._holds_for_none() if self.exists is False else self._holds_for_some()):
            operators = self.model_dump().items()
            told = ", ".join(f"{word} = {json.dumps(given)}" for word, given in operators)
            raise ValueError(f"can never hold: {told}")
        return self

    def _holds_for_none(self) -> bool:
        """Whether no operator asks for a number, so that there may be none."""
        asked = (self.any_of, self.greater, self.less, self.at_least, self.at_most)
        return all(each is None for each in asked)

    def _holds_for_some(self) -> bool:
        """Whether a number is within all limits; MRR is exact, so not only whole ones count."""
        lowest = max(_given(self.greater, self.at_least), default=-inf)
        highest = min(_given(self.less, self.at_most), default=inf)
        left_out = {self.greater, self.less, *(self.not_ or ())}
        if self.any_of is None:
            return lowest < highest or (lowest == highest and lowest not in left_out)
        named = {each for each in self.any_of if self.equals in {None, each}}
        return any(lowest <= each <= highest for each in named - left_out)


def _given(*limits: int | None) -> list[int]:
    return [limit for limit in limits if limit is not None]


class FlagCondition(_Operators):
    """A condition on what is true or false."""

    KIND: ClassVar[str] = "true or false"

    any_of: Flags | None = None
    equals: StrictBool | None = None
    not_: Annotated[Flags | None, Listed] = Field(default=None, alias="not")


Condition = TextCondition | NumberCondition | FlagCondition


class Conditions(BaseModel):
    """What a subscription must be; every condition named must hold.

    Args:
        price, product, nickname, interval, currency: Of its items; one item is enough.
        quantity: Sum over its licensed items.
        metadata: The subscription's own, a condition for each key.
        mrr: Its MRR in whole minor units of its currency.
        cancel_scheduled: Whether it has a scheduled end.
        renewal_period: Days of the shortest period of its items; a month has 30, a year 365.
        trial_days_left: Whole days until the trial ends, rounded up; only while `trialing`.
        ever_paying: Whether it ever was `active` or `past_due` with a list price above 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: TextCondition | None = None
    price: TextCondition | None = None
    product: TextCondition | None = None
    nickname: TextCondition | None = None
    interval: TextCondition | None = None
    currency: TextCondition | None = None
    quantity: NumberCondition | None = None
    metadata: Annotated[dict[Text, TextCondition], AfterValidator(_not_empty)] | None = None
    mrr: NumberCondition | None = None
    renewal_period: NumberCondition | None = None
    cancel_scheduled: FlagCondition | None = None
    trial_days_left: NumberCondition | None = None
    ever_paying: FlagCondition | None = None

    @cached_property
    def named(self) -> tuple[tuple[str, Condition], ...]:
        """The fields that have a condition, but for metadata."""
        fields = (field for field in type(self).model_fields if field != "metadata")
        return tuple((field, it) for field in fields if (it := getattr(self, field)) is not None)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.named and self.metadata is None:
            raise ValueError(
                "names no condition and would hold for every subscription; "
                "write status = { exists = true } if that is meant"
            )
        return self

    @field_validator("currency")
    @classmethod
    def _in_small_letters(cls, given: TextCondition | None) -> TextCondition | None:
        if given and any(word != word.lower() for word in named_texts(given)):
            raise ValueError("currencies are written in small letters, as Stripe does: 'usd'")
        return given

    @model_serializer(mode="wrap")
    def _in_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        return {field: it for field, it in handler(self).items() if it is not None}


def named_texts(condition: TextCondition) -> tuple[str, ...]:
    """Every whole text that a condition names, to match or not to."""
    equal = (condition.equals,) if condition.equals is not None else ()
    return (*(condition.any_of or ()), *equal, *(condition.not_ or ()))
