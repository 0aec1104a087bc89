"""Schedules: made, followed from phase to phase, released, completed, or gone with the end."""

from __future__ import annotations

from dataclasses import replace

from simulation.objects import DAY_S, former_values
from simulation.schedules import Phase, Schedule, schedule_object
from simulation.stories.offers import alternatives
from simulation.subscriptions import Item
from simulation.timeline import Stage, Story


def plan_ahead(stage: Stage, id: str) -> Story:
    """Put the subscription on a schedule: what it has now, then another price for a while."""
    life, sub = stage.life, stage.sub(id)
    item = sub.items[0]
    choices = alternatives(item.price, same_interval=True)
    if len(sub.items) > 1 or not choices:
        return
    schedule = Schedule(
        id=life.new_id("sub_sched"),
        customer=life.customer,
        subscription=id,
        created=life.now,
        end_behavior=stage.chance.weighted(((7, "release"), (3, "cancel"))),
        phases=(
            Phase(price=item.price, quantity=item.quantity, begins=item.begins, ends=item.ends),
        ),
    )
    stage.schedules[id] = schedule
    _tell(stage, schedule, "created")
    life.change(id, schedule=schedule.id)
    price, ends = stage.chance.one_of(choices), item.ends
    for _ in range(stage.chance.between(1, 3)):
        ends = price.after(ends, sub.anchor)
    following = Phase(price=price, quantity=item.quantity, begins=item.ends, ends=ends)
    _change(stage, replace(schedule, phases=(*schedule.phases, following)))
    yield ends - 7 * DAY_S
    if id in stage.schedules:
        _tell(stage, stage.schedules[id], "expiring")


def scheduled_items(stage: Stage, id: str) -> tuple[Item, ...]:
    """The subscription's items; at the turn of a phase with what the next one says."""
    items = stage.sub(id).items
    schedule = stage.schedules.get(id)
    if schedule is None or schedule.phases[schedule.current].ends > stage.life.now:
        return items
    _change(stage, replace(schedule, current=schedule.current + 1))
    phase = schedule.phases[schedule.current + 1]
    return (replace(items[0], price=phase.price, quantity=phase.quantity),)


def end_schedule(stage: Stage, id: str) -> bool:
    """After the last phase, release the subscription or end it; say whether it ended."""
    schedule = stage.schedules.get(id)
    if schedule is None or schedule.phases[-1].ends > stage.life.now:
        return False
    if schedule.end_behavior == "cancel":
        _close(stage, id, "completed", "completed")
        stage.life.end(id)
        return True
    _close(stage, id, "released", "released")
    stage.life.change(id, schedule=None)
    return False


def end(stage: Stage, id: str, reason: str = "cancellation_requested", **changes: str) -> None:
    """End a subscription now, and its schedule with it."""
    stage.life.end(id, reason, **changes)
    if id in stage.schedules:
        _close(stage, id, "canceled", "aborted" if reason == "payment_failed" else "canceled")


def _change(stage: Stage, schedule: Schedule) -> None:
    before = _written(stage, stage.schedules[schedule.subscription])
    stage.schedules[schedule.subscription] = schedule
    after = _written(stage, schedule)
    stage.life.send("subscription_schedule.updated", after, former_values(before, after))


def _close(stage: Stage, id: str, status: str, what: str) -> None:
    closed = replace(stage.schedules.pop(id), status=status, closed_at=stage.life.now)
    _tell(stage, closed, what)


def _tell(stage: Stage, schedule: Schedule, what: str) -> None:
    stage.life.send(f"subscription_schedule.{what}", _written(stage, schedule))


def _written(stage: Stage, schedule: Schedule) -> dict[str, object]:
    return schedule_object(schedule, stage.life.generation, test=stage.life.test)
