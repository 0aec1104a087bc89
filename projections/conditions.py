"""Whether conditions hold for a subscription, as it is or with another status put in its place.

Source: docs/stages.md, "Conditions".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import ge, gt, le, lt

from projections.spans import DAY_S
from projections.timeline import timeline
from schemas.conditions import (
    Condition,
    Conditions,
    FlagCondition,
    NumberCondition,
    TextCondition,
)
from schemas.objects import Item, Subscription
from schemas.rows import Facts, SubscriptionFacts, last_of
from schemas.standing import MrrView

COMPARISONS = {"greater": gt, "less": lt, "at_least": ge, "at_most": le}
INTERVAL_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
"""Nominal lengths of a period: days more or less do not matter where they are asked for."""
Value = str | int | Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A subscription that rules are tried on; `status` is its own, or one that it once had."""

    entry: SubscriptionFacts
    status: str
    facts: Facts
    mrr: MrrView

    @property
    def now(self) -> Subscription:
        """The subscription as it was last seen."""
        return self.entry.now


def matches(conditions: Conditions, one: Considered) -> bool:
    """Whether every condition named holds.

    A field of the items holds when it does for any of them, and its `not` when none is so. A number
    that is not known holds for `exists = false` and nothing else.
    """
    if not all(_holds(condition, VALUES[field](one)) for field, condition in conditions.named):
        return False
    data = one.now.metadata
    return all(
        _holds(condition, (data[key],) if key in data else ())
        for key, condition in (conditions.metadata or {}).items()
    )


def hold_for(
    conditions: Conditions | None, facts: Facts, mrr: MrrView, subscription: Subscription | None
) -> bool:
    """Whether they hold for a subscription as it is; of a customer, for any of its own."""
    if conditions is None:
        return True
    return any(
        matches(
            conditions,
            Considered(
                entry=facts.subscriptions[each.id], status=each.status, facts=facts, mrr=mrr
            ),
        )
        for each in ((subscription,) if subscription else facts.current)
    )


def period_days(subscription: Subscription) -> int | None:
    """The shortest period of its items, in nominal days; None where nothing recurs."""
    lengths = (
        INTERVAL_DAYS[item.interval] * item.interval_count
        for item in subscription.items
        if item.interval in INTERVAL_DAYS
    )
    return min(lengths, default=None)


def accepts_status(conditions: Conditions, status: str) -> bool:
    """Whether the condition on the status alone would hold; without one, any status will do."""
    return conditions.status is None or _holds(conditions.status, (status,))


def _holds(condition: Condition, values: tuple[Value, ...]) -> bool:
    if not isinstance(condition, FlagCondition) and condition.exists is not None:
        if condition.exists != bool(values):
            return False
    elif isinstance(condition, NumberCondition) and not values:
        return False
    if condition.not_ is not None and any(value in condition.not_ for value in values):
        return False
    return any(_is_so(condition, value) for value in values) or not _wants(condition)


def _wants(condition: Condition) -> bool:
    """Whether any operator asks for a value; `not` and `exists` do not."""
    given = condition.model_fields_set - {"not_", "exists"}
    return any(getattr(condition, word) is not None for word in given)


def _is_so(condition: Condition, value: Value) -> bool:
    """Whether one and the same value is all that is wanted."""
    if condition.any_of is not None and value not in condition.any_of:
        return False
    if condition.equals is not None and value != condition.equals:
        return False
    if isinstance(condition, TextCondition):
        return condition.contains is None or condition.contains in str(value)
    limits = {word: getattr(condition, word, None) for word in COMPARISONS}
    return all(limit is None or COMPARISONS[word](value, limit) for word, limit in limits.items())


def _of_items(read: Callable[[Item], str | None]) -> Callable[[Considered], tuple[Value, ...]]:
    return lambda one: tuple(value for item in one.now.items if (value := read(item)))


def _nicknames(one: Considered) -> tuple[Value, ...]:
    """The plan's nickname changes without its subscriptions' knowing: the later sighting counts."""
    seen_at = one.entry.versions[-1].at
    found: list[str] = []
    for item in one.now.items:
        price = last_of(one.facts.prices, item.price)
        is_later = price is not None and one.facts.prices[price.id][-1].at >= seen_at
        nickname = price.nickname if price and is_later else item.nickname
        found += [nickname] if nickname else []
    return tuple(found)


def _quantity(one: Considered) -> tuple[Value, ...]:
    """Unknown where there are more items than were shown, and where none is licensed."""
    licensed = [item for item in one.now.items if item.usage_type == "licensed"]
    if one.now.has_more_items or not licensed:
        return ()
    return (sum(1 if item.quantity is None else item.quantity for item in licensed),)


def _mrr(one: Considered) -> tuple[Value, ...]:
    if one.now.id in one.mrr.pending:
        return ()
    return tuple(one.mrr.by_subscription.get(one.now.id, {}).values()) or (0,)


def _trial_days_left(one: Considered) -> tuple[Value, ...]:
    if one.status != "trialing" or one.now.trial_end is None:
        return ()
    return (max(-((one.facts.at - one.now.trial_end) // DAY_S), 0),)


def _renewal_period(one: Considered) -> tuple[Value, ...]:
    days = period_days(one.now)
    return () if days is None else (days,)


def _cancel_scheduled(one: Considered) -> tuple[Value, ...]:
    now = one.now
    return (not now.is_terminal and now.cancel_scheduled,)


def _ever_paying(one: Considered) -> tuple[Value, ...]:
    return (any(span.is_paying for span in timeline(one.entry)),)


VALUES: Mapping[str, Callable[[Considered], tuple[Value, ...]]] = {
    "status": lambda one: (one.status,),
    "price": _of_items(lambda item: item.price),
    "product": _of_items(lambda item: item.product),
    "nickname": _nicknames,
    "interval": _of_items(lambda item: item.interval),
    "currency": _of_items(lambda item: item.currency),
    "quantity": _quantity,
    "mrr": _mrr,
    "renewal_period": _renewal_period,
    "cancel_scheduled": _cancel_scheduled,
    "trial_days_left": _trial_days_left,
    "ever_paying": _ever_paying,
}
"""What a subscription has of each field but `metadata`; nothing where it is not known."""
