"""A subscription's way from period to period: renewal, dunning, the end that was asked for."""

from __future__ import annotations

from dataclasses import replace

from simulation.billing import close, draft, finalize, item_lines, pay, retry
from simulation.invoices import Invoice
from simulation.objects import HOUR_S
from simulation.scene import Scene, Story
from simulation.stories.acts import act
from simulation.stories.discounts import drop_discount
from simulation.stories.scheduling import end, end_schedule, scheduled_items
from simulation.subscriptions import Item

ACT_EVERY_DAYS = 75
PAYS = 0.94
RECOVERS = 0.3


def live_on(scene: Scene, id: str) -> Story:
    """Tell all that happens to a subscription that has begun, until it ends."""
    while scene.is_on(id):
        sub = scene.sub(id)
        if sub.status == "paused":
            yield from _stay_paused(scene, id)
            continue
        next_act = scene.life.now + scene.chance.wait(ACT_EVERY_DAYS)
        may_act = sub.status == "active" and not (sub.cancel_at or sub.schedule or sub.pending)
        if may_act and next_act < sub.period_end:
            yield next_act
            if scene.is_on(id) and scene.sub(id).status == "active":
                act(scene, id)
            continue
        yield sub.period_end
        if scene.is_on(id) and scene.sub(id).period_end <= scene.life.now:
            yield from _turn_of_period(scene, id)


def _turn_of_period(scene: Scene, id: str) -> Story:
    sub = scene.sub(id)
    if sub.cancel_at:
        end(scene, id)
    elif not end_schedule(scene, id):
        yield from renew(scene, id)


def _stay_paused(scene: Scene, id: str) -> Story:
    """No period advances meanwhile; resuming begins a new one."""
    life = scene.life
    yield life.now + scene.chance.days(5, 45)
    if not scene.is_on(id):
        return
    if scene.chance.happens(0.3):
        end(scene, id)
        return
    sub, invoice_id = scene.sub(id), life.new_id("in")
    items = tuple(
        replace(item, begins=life.now, ends=item.price.after(life.now)) for item in sub.items
    )
    life.resume(id, items=items, anchor=life.now, latest_invoice=invoice_id)
    lines = item_lines(scene, items)
    pay(scene, finalize(scene, draft(scene, sub, lines, "subscription_update", invoice_id)))


def renew(scene: Scene, id: str) -> Story:
    """Begin the next period of the items whose period is over, and collect what it costs."""
    life, sub = scene.life, scene.sub(id)
    renewed = tuple(_renewed(item, life.now, sub.anchor) for item in scheduled_items(scene, id))
    invoice_id = life.new_id("in")
    status = "active" if sub.status == "trialing" else sub.status
    life.change(id, items=renewed, latest_invoice=invoice_id, status=status)
    due = [item for item in renewed if item.begins == life.now]
    invoice = draft(scene, sub, item_lines(scene, due), "subscription_cycle", invoice_id)
    if sub.discount and sub.discount.coupon.duration == "once":
        drop_discount(scene, id)
    if sub.status == "unpaid":
        return  # its invoices stay drafts until somebody pays
    yield life.now + HOUR_S + scene.chance.between(0, 900)
    if scene.is_on(id):
        yield from collect(scene, id, invoice)


def collect(scene: Scene, id: str, invoice: Invoice) -> Story:
    """Finalize and collect a renewal's invoice, unless collection is paused."""
    paused = scene.sub(id).pause_collection
    if paused == "keep_as_draft":
        return
    invoice = finalize(scene, invoice)
    if paused:
        close(scene, invoice, "void" if paused == "void" else "uncollectible")
        return
    if invoice.total == 0 or scene.chance.happens(PAYS):
        pay(scene, invoice)
        is_paid = True
    else:
        is_paid = yield from retry(scene, id, invoice, RECOVERS)
    if not scene.is_on(id):
        return
    if is_paid and scene.sub(id).status == "past_due":
        scene.life.change(id, status="active")
    elif not is_paid:
        yield from _give_up(scene, id)


def _give_up(scene: Scene, id: str) -> Story:
    """All retries are used up: what the account's settings say for this case."""
    outcome = scene.chance.weighted(((50, "cancel"), (35, "unpaid"), (15, "past_due")))
    if outcome == "cancel":
        end(scene, id, "payment_failed")
    elif outcome == "unpaid":
        scene.life.change(id, status="unpaid")
        yield from _stay_unpaid(scene, id)


def _stay_unpaid(scene: Scene, id: str) -> Story:
    latest = scene.invoices[id]
    yield scene.life.now + scene.chance.days(3, 10)
    if not scene.is_on(id):
        return
    outcome = scene.chance.weighted(((45, "pays"), (30, "ends"), (25, "stays")))
    if outcome == "pays" and latest.status == "open":
        pay(scene, latest)
        scene.life.change(id, status="active")
    elif outcome == "ends":
        end(scene, id, "payment_failed")


def _renewed(item: Item, now: int, anchor: int | None) -> Item:
    if item.ends > now:
        return item
    return replace(item, begins=now, ends=item.price.after(now, anchor))
