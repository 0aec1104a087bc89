"""What changed in a customer's MRR, judged on the customer over all currencies.

While an input is missing nothing is told: the last amount stays and the row shows what is pending;
the answer then gives one movement. Movements add up to the change of the total, always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from projections.mrr.amounts import MrrView, mrr_of
from schemas.money import difference, exact, from_exact, is_zero, written
from schemas.rows import Announced, Facts
from schemas.transitions import Transition
from schemas.updates import MrrChanged, Update

Movement = Literal["new", "expansion", "contraction", "churn", "reactivation", "currency_change"]


def project_mrr(transition: Transition, announced: Announced) -> tuple[Announced, Iterator[Update]]:
    """Tell a movement of MRR against what was told last."""
    view = mrr_of(transition.after)
    if view.pending:
        return announced, iter(())
    before, after = from_exact(announced.mrr), view.total
    delta = difference(after, before)
    told = replace(
        announced,
        mrr=exact(after),
        has_earned=announced.has_earned or not is_zero(after.values()),
    )
    if is_zero(delta.values()):
        return told, iter(())
    subscription = _mover(transition, view)
    update = MrrChanged(
        **transition.common,
        index=0,
        movement=_movement(before, after, delta, has_earned=announced.has_earned),
        before=written(before),
        after=written(after),
        delta=written(delta),
        subscription=subscription,
        items=_items(transition.after, subscription),
        preset=transition.settings.mrr.preset,
    )
    return told, iter((update,))


def _movement(
    before: Mapping[str, Fraction],
    after: Mapping[str, Fraction],
    delta: Mapping[str, Fraction],
    *,
    has_earned: bool,
) -> Movement:
    if is_zero(before.values()):
        return "reactivation" if has_earned else "new"
    if is_zero(after.values()):
        return "churn"
    if all(value >= 0 for value in delta.values()):
        return "expansion"
    if all(value <= 0 for value in delta.values()):
        return "contraction"
    return "currency_change"


def _mover(transition: Transition, view: MrrView) -> str | None:
    """The subscription whose amount differs from before this record; None when it is not one."""
    before = mrr_of(transition.before).by_subscription
    moved = [
        subscription
        for subscription in sorted({*before, *view.by_subscription})
        if not is_zero(
            difference(
                view.by_subscription.get(subscription, {}), before.get(subscription, {})
            ).values()
        )
    ]
    return moved[0] if len(moved) == 1 else None


def _items(facts: Facts, subscription: str | None) -> tuple[str, ...]:
    if subscription is None or subscription not in facts.subscriptions:
        return ()
    return tuple(sorted(item.id for item in facts.subscriptions[subscription].now.items))
