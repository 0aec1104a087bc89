"""Moments of where a customer stands: its stage, its MRR, and that nothing happens."""

from __future__ import annotations

from collections.abc import Iterator

from projections.occasions import Occasion, is_fresh
from projections.spans import seconds
from schemas.automations import Automation
from schemas.money import difference, from_exact
from schemas.objects import Subscription
from schemas.rows import Announced
from schemas.times import iso
from schemas.transitions import Transition


def stages(
    transition: Transition, announced: Announced, automation: Automation
) -> Iterator[Occasion]:
    """The customer has come into the stage, or has left it."""
    former, now = transition.announced.stage, announced.stage
    before, after = former.name if former else None, now.name if now else None
    if before == after or automation.stage != (
        after if automation.on == "stage_entered" else before
    ):
        return
    if transition.connected_at is not None and now and now.since < transition.connected_at:
        return
    is_first = not transition.before.subscriptions
    is_old = is_first and now is not None and not is_fresh(transition, now.since)
    yield Occasion(
        key=transition.common["cause"].event_id,
        due_at=transition.effective_at,
        held="past_at_first_sight" if is_old else None,
        details={"previous": before, "stage": after},
    )


def silence(
    transition: Transition, announced: Announced, automation: Automation
) -> Iterator[Occasion]:
    """Nothing has happened for so long, in that stage."""
    stage, active_at = announced.stage, transition.after.active_at
    if automation.after is None or not active_at or not stage or stage.name != automation.stage:
        return
    due_at = active_at + seconds(automation.after)
    was_due = transition.before.active_at == active_at and due_at <= transition.before.at
    if due_at <= transition.after.at and not was_due:
        # Kept: a rule may ask for a longer silence later.
        yield Occasion(
            key=str(active_at),
            due_at=due_at,
            is_kept=True,
            details={"last_event_at": iso(active_at)},
        )


def movements(
    transition: Transition,
    announced: Announced,
    automation: Automation,
    subscription: Subscription | None,
) -> Iterator[Occasion]:
    """The MRR of a paying one grew, or shrank and is still something, in one of its currencies."""
    former, now = transition.announced, announced
    if subscription is None:
        before, after = from_exact(former.mrr), from_exact(now.mrr)
    else:
        before = from_exact(former.mrr_of.get(subscription.id, {}))
        after = from_exact(now.mrr_of.get(subscription.id, {}))
    sign = 1 if automation.on == "mrr_expanded" else -1
    moved = {
        money: by
        for money, by in difference(after, before).items()
        if sign * by >= (automation.by_at_least or 0)
        and sign * by > 0
        and before.get(money, 0) > 0
        and after.get(money, 0) > 0
    }
    if moved:
        yield Occasion(
            key=transition.common["cause"].event_id,
            due_at=transition.effective_at,
            subscription=subscription,
            details={money: str(by) for money, by in sorted(moved.items())},
        )
