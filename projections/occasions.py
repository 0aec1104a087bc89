"""An occasion: one moment of one automation, before it is judged whether it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.objects import Subscription
from schemas.transitions import Transition

NEWS_S = 3 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A moment that a record brought.

    Args:
        key: What tells it from all others of this automation; the same whatever record brings it.
        due_at: When it came.
        subscription: Whose it is; None for one of the customer.
        anchor: The subscription with which the row forgets it, of one of the customer.
        until: The date that it came before, after which it means nothing.
        is_kept: Whether the row remembers it: a record may bring it again.
        held: Why it is held back, whatever its rule says.
        details: What else there is to say of it.
    """

    key: str
    due_at: int
    subscription: Subscription | None = None
    anchor: str | None = None
    until: int | None = None
    is_kept: bool = False
    held: Literal["past_at_first_sight"] | None = None
    details: Mapping[str, str | None] = field(default_factory=dict)


def is_fresh(transition: Transition, at: int) -> bool:
    """Whether what is seen for the first time is news: Stripe retries for three days."""
    return transition.effective_at - at <= NEWS_S
