"""Rule sets of MRR: three presets, and the switches that override them.

`stripe` is the Dashboard's fixed rule, `standard` ours, `net` what is charged in the end.
Source: docs/mrr.md, "Rule sets".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from schemas.settings import Mrr

COUNTED = frozenset({"active", "past_due"})
"""Statuses that count unless a switch says otherwise. Source: Stripe, "Billing analytics"."""
DURATIONS = {
    "forever": frozenset({"forever"}),
    "recurring": frozenset({"forever", "repeating"}),
    "all": frozenset({"forever", "repeating", "once"}),
}
PRESETS: Mapping[str, tuple[Literal["forever", "recurring", "all"], Literal["request", "end"]]] = {
    "stripe": ("forever", "request"),
    "standard": ("recurring", "end"),
    "net": ("all", "end"),
}
"""Of each preset, which discounts are subtracted and when a scheduled cancellation counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What counts, after presets and switches.

    Args:
        discounts: The word that was chosen; `durations` are the coupons' that it stands for.
        per_month: How many of an interval a month has, exactly.
    """

    preset: str
    statuses: frozenset[str]
    discounts: str
    durations: frozenset[str]
    cancel_counts: str
    pause_collection: str
    per_month: Mapping[str, Fraction]


@lru_cache(maxsize=64)
def rules_of(settings: Mrr) -> Rules:
    """Take the preset, and each switch that is given over it."""
    discounts, cancel_counts = PRESETS[settings.preset]
    discounts = settings.discounts or discounts
    return Rules(
        preset=settings.preset,
        statuses=frozenset({"active"} if settings.count_past_due is False else COUNTED),
        discounts=discounts,
        durations=DURATIONS[discounts],
        cancel_counts=settings.cancel_counts or cancel_counts,
        pause_collection=settings.pause_collection or "keep",
        per_month={
            "month": Fraction(1),
            "year": Fraction(1, 12),
            "week": Fraction(settings.weeks_per_month or "52/12"),
            "day": Fraction(settings.days_per_month or "365/12"),
        },
    )
