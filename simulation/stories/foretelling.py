"""What Stripe tells a week before a renewal: the invoice that it will make, as things stand."""

from __future__ import annotations

from dataclasses import replace

from simulation.billing import foretell
from simulation.coupons import Discount
from simulation.invoices import Line
from simulation.objects import DAY_S, HOUR_S
from simulation.scene import Scene, Story
from simulation.subscriptions import Item

BEFORE_S = 7 * DAY_S
RENEWING = frozenset({"active", "past_due", "trialing"})


def foretell_renewals(scene: Scene, id: str) -> Story:
    """Tell of each renewal of a subscription in time; of what is shorter than a week, never."""
    while scene.is_on(id):
        due = scene.sub(id).period_end - BEFORE_S
        if due > scene.life.now:
            yield due  # which may be another day by then
            continue
        if due == scene.life.now:
            _foretell(scene, id)
        yield max(scene.sub(id).period_end + HOUR_S, scene.life.now + DAY_S)


def _foretell(scene: Scene, id: str) -> None:
    sub, schedule = scene.sub(id), scene.schedules.get(id)
    at = sub.period_end
    if sub.status not in RENEWING or sub.cancel_at:
        return
    if schedule and schedule.phases[-1].ends <= at and schedule.end_behavior == "cancel":
        return
    items = tuple(
        replace(item, discount=_lasting(item.discount, at)) for item in _items_then(scene, id, at)
    )
    then = replace(sub, items=items, discount=_lasting(sub.discount, at))
    lines = tuple(_line(item, sub.anchor) for item in items if item.ends == at)
    foretell(scene, then, lines, at)


def _items_then(scene: Scene, id: str, at: int) -> tuple[Item, ...]:
    """The items, or what the phase that begins then makes of them."""
    items, schedule = scene.sub(id).items, scene.schedules.get(id)
    if schedule is None or schedule.phases[schedule.current].ends > at:
        return items
    following = schedule.phases[schedule.current + 1 :]
    if not following:
        return items
    return (replace(items[0], price=following[0].price, quantity=following[0].quantity),)


def _line(item: Item, anchor: int | None) -> Line:
    """Usage is what was counted by now: here, nothing."""
    quantity = 0 if item.price.is_metered else item.quantity
    return Line(
        price=item.price,
        item=item.id,
        quantity=quantity,
        amount=item.price.cost(quantity),
        begins=item.ends,
        ends=item.price.after(item.ends, anchor),
    )


def _lasting(discount: Discount | None, at: int) -> Discount | None:
    return None if discount and discount.end and discount.end <= at else discount
