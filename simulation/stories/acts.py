"""What a customer does with a subscription between two renewals, each as often as its weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulation.billing import draft, fail, finalize, pay
from simulation.invoices import Line
from simulation.objects import DAY_S, HOUR_S
from simulation.prices import Price
from simulation.scene import Scene, Story
from simulation.stories.discounts import redeem, redeem_for_item, take_away
from simulation.stories.offers import alternatives, rhythm
from simulation.stories.scheduling import end, plan_ahead
from simulation.subscriptions import Item

FEEDBACK = ("too_expensive", "missing_features", "switched_service", "unused", "other")
NOTES = ("annual review", "asked for invoice by mail", "reference customer")
PENDING_S = 23 * HOUR_S


def act(scene: Scene, id: str) -> None:
    """Let one thing happen to an active subscription now, with whatever follows of it later."""
    scene.begin(scene.chance.weighted(ACTS)(scene, id))


def _change_quantity(scene: Scene, id: str) -> Story:
    item = scene.sub(id).items[0]
    step = scene.chance.between(1, max(1, item.quantity // 3))
    more = item.quantity == 1 or scene.chance.happens(0.65)
    _buy(scene, id, item.price, item.quantity + step if more else max(1, item.quantity - step))
    yield from ()


def _change_plan(scene: Scene, id: str) -> Story:
    item, *others = scene.sub(id).items
    choices = alternatives(item.price, same_interval=bool(others))
    taken = {each.price.id for each in others}
    choices = [price for price in choices if price.id not in taken]
    if choices:
        _buy(scene, id, scene.chance.one_of(choices), item.quantity)
    yield from ()


def _buy(scene: Scene, id: str, price: Price, quantity: int) -> None:
    """Change the first item; half of those who pay more are billed for the difference at once."""
    life, sub = scene.life, scene.sub(id)
    is_restart = rhythm(price) != rhythm(sub.items[0].price)
    line = _difference(sub.items[0], price, quantity, life.now)
    bills = is_restart or (line.amount > 0 and scene.chance.happens(0.5))
    if not bills:
        life.buy(id, price, quantity)
        return
    invoice = life.new_id("in")
    anchor = life.now if is_restart else sub.anchor
    life.buy(id, price, quantity, anchor=anchor, latest_invoice=invoice)
    made = draft(scene, replace(sub, discount=None), (line,), "subscription_update", invoice)
    pay(scene, finalize(scene, made))


def _difference(item: Item, price: Price, quantity: int, now: int) -> Line:
    """What the rest of the period costs more; all of a new period where it begins anew."""
    left, whole = item.ends - now, item.ends - item.begins
    unused = item.price.cost(item.quantity) * left // whole
    is_restart = rhythm(price) != rhythm(item.price)
    cost = price.cost(quantity) if is_restart else price.cost(quantity) * left // whole
    ends = price.after(now) if is_restart else item.ends
    return Line(
        price=price,
        item=item.id,
        quantity=quantity,
        amount=cost - unused,
        begins=now,
        ends=ends,
        is_proration=True,
    )


def _add_item(scene: Scene, id: str) -> Story:
    items = scene.sub(id).items
    taken = {item.price.id for item in items}
    choices = [
        price for price in alternatives(items[0].price, same_interval=True) if price.id not in taken
    ]
    if choices:
        added = replace(
            items[0],
            id=scene.life.new_id("si"),
            price=scene.chance.one_of(choices),
            quantity=scene.chance.between(1, 8),
            discount=None,
        )
        scene.life.change(id, items=(*items, added))
    yield from ()


def _remove_item(scene: Scene, id: str) -> Story:
    *kept, _ = scene.sub(id).items
    if kept:
        scene.life.change(id, items=tuple(kept))
    yield from ()


def _cancel_at_end(scene: Scene, id: str) -> Story:
    """Ask for the end, in classic or flexible billing's words; some think better of it."""
    life = scene.life
    life.cancel_later(
        id,
        only_cancel_at=scene.chance.happens(0.5),
        feedback=scene.chance.one_of(FEEDBACK),
    )
    ends = scene.sub(id).period_end
    if scene.chance.happens(0.3):
        yield scene.chance.between(life.now, ends - 1)
        if scene.is_on(id) and scene.sub(id).cancel_at:
            life.keep(id)


def _cancel_now(scene: Scene, id: str) -> Story:
    end(scene, id, feedback=scene.chance.one_of(FEEDBACK))
    yield from ()


def _pause_collection(scene: Scene, id: str) -> Story:
    life = scene.life
    behavior = scene.chance.one_of(("void", "keep_as_draft", "mark_uncollectible"))
    resumes_at = life.now + scene.chance.days(20, 70)
    shown = resumes_at if scene.chance.happens(0.7) else None
    life.change(id, pause_collection=behavior, collection_resumes_at=shown)
    yield resumes_at
    if scene.is_on(id):
        life.change(id, pause_collection=None, collection_resumes_at=None)


def _pause(scene: Scene, id: str) -> Story:
    if scene.on_demand_pauses:
        scene.life.pause(id, "pause_requested")
    yield from ()


def _update_pending(scene: Scene, id: str) -> Story:
    """Ask for a higher price that counts only when its invoice is paid, within 23 hours."""
    life, sub = scene.life, scene.sub(id)
    item, *others = sub.items
    if sub.period_end - life.now < 2 * DAY_S:
        return
    wanted = (replace(item, quantity=item.quantity + scene.chance.between(1, 5)), *others)
    line = _difference(item, item.price, wanted[0].quantity, life.now)
    invoice = life.new_id("in")
    life.change(id, pending=wanted, pending_until=life.now + PENDING_S, latest_invoice=invoice)
    made = draft(scene, replace(sub, discount=None), (line,), "subscription_update", invoice)
    open_ = fail(scene, finalize(scene, made), None)
    is_paid = scene.chance.happens(0.6)
    yield life.now + (scene.chance.between(600, PENDING_S - 1) if is_paid else PENDING_S)
    if not scene.is_on(id):
        return
    if is_paid:
        pay(scene, open_)
        life.change(id, items=wanted, pending=(), pending_until=None)
    else:
        life.change(id, pending=(), pending_until=None)
    life.tell(id, "pending_update_applied" if is_paid else "pending_update_expired")


def _note(scene: Scene, id: str) -> Story:
    metadata = dict(scene.sub(id).metadata or {}) | {"note": scene.chance.one_of(NOTES)}
    scene.life.change(id, metadata=metadata)
    yield from ()


ACTS: tuple[tuple[int, Callable[[Scene, str], Story]], ...] = (
    (24, _change_quantity),
    (16, _change_plan),
    (6, _add_item),
    (5, _remove_item),
    (8, redeem),
    (5, redeem_for_item),
    (3, take_away),
    (11, _cancel_at_end),
    (4, _cancel_now),
    (4, _pause_collection),
    (5, _pause),
    (6, plan_ahead),
    (5, _update_pending),
    (2, _note),
)
