"""An occasion: one moment of one automation, before it is judged whether it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.objects import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A moment that a record brought.

    Args:
        key: What tells it from all others of this automation; the same whatever record brings it.
        due_at: When it came.
        subscription: Whose it is; None for one of the customer.
        until: The date that it came before, after which it means nothing.
        is_kept: Whether the row remembers it: a record may bring it again.
        held: Why it is held back, whatever its rule says.
        details: What else there is to say of it.
    """

    key: str
    due_at: int
    subscription: Subscription | None = None
    until: int | None = None
    is_kept: bool = False
    held: Literal["past_at_first_sight"] | None = None
    details: Mapping[str, str | None] = field(default_factory=dict)
