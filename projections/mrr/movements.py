"""What changed in a customer's MRR, judged on the customer over all currencies.

Compared with what was told, never with the facts before. While an input is missing nothing is told:
the last amount stays and the row shows what is pending; the answer then gives one movement.
Movements add up to the change of the total, per currency, always. Source: docs/mrr.md, "Movements".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from projections.mrr.amounts import mrr_of
from schemas.money import Amounts, add, difference, exact, from_exact, is_zero, written
from schemas.rows import Announced
from schemas.standing import MrrView
from schemas.times import iso
from schemas.transitions import Transition
from schemas.updates import Movement, MrrChanged, Update


def project_mrr(transition: Transition, announced: Announced) -> tuple[Announced, Iterator[Update]]:
    """Tell what moved against what was told last: an opening first, then the rest."""
    view = transition.standing.mrr
    if view.pending:
        return announced, iter(())
    before, after = from_exact(announced.mrr), view.total
    told = replace(
        announced,
        mrr=exact(after),
        mrr_of={
            subscription: exact(amounts)
            for subscription, amounts in view.by_subscription.items()
            if not is_zero(amounts.values())
        },
        has_earned=announced.has_earned or not is_zero(after.values()),
    )
    moved = _moved(view, announced)
    if not moved and is_zero(difference(after, before).values()):
        return told, iter(())
    change = _Change(
        transition=transition,
        view=view,
        was=mrr_of(transition.before, transition.settings),
        moved=moved,
    )
    return told, change.updates(before, after, _has_earned(transition, announced))


def _moved(view: MrrView, announced: Announced) -> frozenset[str]:
    """Subscriptions that are worth something else than was told."""
    return frozenset(
        subscription
        for subscription in {*announced.mrr_of, *view.by_subscription}
        if not is_zero(
            difference(
                view.by_subscription.get(subscription, {}),
                from_exact(announced.mrr_of.get(subscription, {})),
            ).values()
        )
    )


def _has_earned(transition: Transition, announced: Announced) -> bool:
    """Whether the customer ever earned before, as far as was told or facts know."""
    churned = transition.standing.lifetime.churned_at
    return announced.has_earned or any(at <= transition.effective_at for at in churned)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One record's change: the views after and before it, and the subscriptions that moved."""

    transition: Transition
    view: MrrView
    was: MrrView
    moved: frozenset[str]

    def updates(self, before: Amounts, after: Amounts, has_earned: bool) -> Iterator[Update]:
        opening = self._opening()
        known = add(before, *(self.view.by_subscription[each] for each in opening))
        if opening:
            current = self.transition.after.subscriptions
            started = min(current[each].now.began_at for each in opening)
            yield self._update("opening", before, known, opening, effective_at=iso(started))
        if not is_zero(difference(after, known).values()):
            movement = _movement(known, after, has_earned=has_earned or bool(opening))
            yield self._update(movement, known, after, self.moved - opening)

    def _opening(self) -> frozenset[str]:
        """What is first known by a fetched object, and began before events came by themselves.

        While anything of the customer was pending nothing was told, so all of it is first known.
        """
        connected_at = self.transition.connected_at
        if connected_at is None:
            return frozenset()
        told = self.transition.announced.mrr_of
        after, before = self.transition.after.subscriptions, self.transition.before.subscriptions
        return frozenset(
            each
            for each in self.moved
            if each in after
            and each not in told
            and (each not in before or self.was.pending)
            and after[each].now.began_at < connected_at
        )

    def _update(
        self,
        movement: Movement,
        before: Amounts,
        after: Amounts,
        movers: frozenset[str],
        **dated: str,
    ) -> MrrChanged:
        return MrrChanged(
            **{**self.transition.common, **dated},
            index=0,
            movement=movement,
            before=written(before),
            after=written(after),
            delta=written(difference(after, before)),
            subscription=next(iter(movers)) if len(movers) == 1 else None,
            items=self._items(movers),
            preset=self.transition.settings.mrr.preset,
        )

    def _items(self, movers: frozenset[str]) -> tuple[str, ...]:
        """Items whose own amounts differ from before the record; all of a mover where none does."""
        after = self.transition.after.subscriptions
        named: set[str] = set()
        for each in movers:
            was, now = self.was.by_item.get(each, {}), self.view.by_item.get(each, {})
            listed = (item.id for item in after[each].now.items) if each in after else ()
            named.update(set(_changed(was, now)) or listed)
        return tuple(sorted(named))


def _changed(was: Mapping[str, Amounts], now: Mapping[str, Amounts]) -> Iterator[str]:
    for item in {*was, *now}:
        if not is_zero(difference(now.get(item, {}), was.get(item, {})).values()):
            yield item


def _movement(before: Amounts, after: Amounts, *, has_earned: bool) -> Movement:
    delta: Mapping[str, Fraction] = difference(after, before)
    if is_zero(before.values()):
        return "reactivation" if has_earned else "new"
    if is_zero(after.values()):
        return "churn"
    if all(value >= 0 for value in delta.values()):
        return "expansion"
    if all(value <= 0 for value in delta.values()):
        return "contraction"
    return "currency_change"
