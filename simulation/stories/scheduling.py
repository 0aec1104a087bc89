"""Schedules: made, followed from phase to phase, released, completed, or gone with the end."""

from __future__ import annotations

from dataclasses import replace

from simulation.objects import DAY_S, former_values
from simulation.scene import Scene, Story
from simulation.schedules import Phase, Schedule, schedule_object
from simulation.stories.offers import alternatives
from simulation.subscriptions import Item


def plan_ahead(scene: Scene, id: str) -> Story:
    """Put the subscription on a schedule: what it has now, then another price for a while."""
    life, sub = scene.life, scene.sub(id)
    item = sub.items[0]
    choices = alternatives(item.price, same_interval=True)
    if len(sub.items) > 1 or not choices:
        return
    schedule = Schedule(
        id=life.new_id("sub_sched"),
        customer=life.customer,
        subscription=id,
        created=life.now,
        end_behavior=scene.chance.weighted(((7, "release"), (3, "cancel"))),
        phases=(
            Phase(price=item.price, quantity=item.quantity, begins=item.begins, ends=item.ends),
        ),
    )
    scene.schedules[id] = schedule
    _tell(scene, schedule, "created")
    life.change(id, schedule=schedule.id)
    price, ends = scene.chance.one_of(choices), item.ends
    for _ in range(scene.chance.between(1, 3)):
        ends = price.after(ends, sub.anchor)
    following = Phase(price=price, quantity=item.quantity, begins=item.ends, ends=ends)
    _change(scene, replace(schedule, phases=(*schedule.phases, following)))
    yield ends - 7 * DAY_S
    if id in scene.schedules:
        _tell(scene, scene.schedules[id], "expiring")


def scheduled_items(scene: Scene, id: str) -> tuple[Item, ...]:
    """The subscription's items; at the turn of a phase with what the next one says."""
    items = scene.sub(id).items
    schedule = scene.schedules.get(id)
    if schedule is None or schedule.phases[schedule.current].ends > scene.life.now:
        return items
    _change(scene, replace(schedule, current=schedule.current + 1))
    phase = schedule.phases[schedule.current + 1]
    return (replace(items[0], price=phase.price, quantity=phase.quantity),)


def end_schedule(scene: Scene, id: str) -> bool:
    """After the last phase, release the subscription or end it; say whether it ended."""
    schedule = scene.schedules.get(id)
    if schedule is None or schedule.phases[-1].ends > scene.life.now:
        return False
    if schedule.end_behavior == "cancel":
        _close(scene, id, "completed", "completed")
        scene.life.end(id)
        return True
    _close(scene, id, "released", "released")
    scene.life.change(id, schedule=None)
    return False


def end(scene: Scene, id: str, reason: str = "cancellation_requested", **changes: str) -> None:
    """End a subscription now, and its schedule with it."""
    scene.life.end(id, reason, **changes)
    if id in scene.schedules:
        _close(scene, id, "canceled", "aborted" if reason == "payment_failed" else "canceled")


def _change(scene: Scene, schedule: Schedule) -> None:
    before = _written(scene, scene.schedules[schedule.subscription])
    scene.schedules[schedule.subscription] = schedule
    after = _written(scene, schedule)
    scene.life.send("subscription_schedule.updated", after, former_values(before, after))


def _close(scene: Scene, id: str, status: str, what: str) -> None:
    closed = replace(scene.schedules.pop(id), status=status, closed_at=scene.life.now)
    _tell(scene, closed, what)


def _tell(scene: Scene, schedule: Schedule, what: str) -> None:
    scene.life.send(f"subscription_schedule.{what}", _written(scene, schedule))


def _written(scene: Scene, schedule: Schedule) -> dict[str, object]:
    return schedule_object(schedule, scene.life.generation, test=scene.life.test)
