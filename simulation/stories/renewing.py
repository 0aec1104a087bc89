"""A subscription's way from period to period: renewal, dunning, the end that was asked for."""

from __future__ import annotations

from dataclasses import replace

from simulation.billing import close, draft, finalize, item_lines, pay, retry
from simulation.invoices import Invoice
from simulation.objects import HOUR_S
from simulation.stories.acts import act
from simulation.stories.discounts import drop_discount
from simulation.stories.scheduling import end, end_schedule, scheduled_items
from simulation.subscriptions import Item
from simulation.timeline import Stage, Story, Telling

ACT_EVERY_DAYS = 75
PAYS = 0.94
RECOVERS = 0.3


def live_on(stage: Stage, id: str) -> Story:
    """Tell all that happens to a subscription that has begun, until it ends."""
    while stage.is_on(id):
        sub = stage.sub(id)
        if sub.status == "paused":
            yield from _stay_paused(stage, id)
            continue
        next_act = stage.life.now + stage.chance.wait(ACT_EVERY_DAYS)
        may_act = sub.status == "active" and not (sub.cancel_at or sub.schedule or sub.pending)
        if may_act and next_act < sub.period_end:
            yield next_act
            if stage.is_on(id) and stage.sub(id).status == "active":
                act(stage, id)
            continue
        yield sub.period_end
        if stage.is_on(id) and stage.sub(id).period_end <= stage.life.now:
            yield from _turn_of_period(stage, id)


def _turn_of_period(stage: Stage, id: str) -> Story:
    sub = stage.sub(id)
    if sub.cancel_at:
        end(stage, id)
    elif not end_schedule(stage, id):
        yield from renew(stage, id)


def _stay_paused(stage: Stage, id: str) -> Story:
    """No period advances meanwhile; resuming begins a new one."""
    life = stage.life
    yield life.now + stage.chance.days(5, 45)
    if not stage.is_on(id):
        return
    if stage.chance.happens(0.3):
        end(stage, id)
        return
    sub, invoice_id = stage.sub(id), life.new_id("in")
    items = tuple(
        replace(item, begins=life.now, ends=item.price.after(life.now)) for item in sub.items
    )
    life.resume(id, items=items, anchor=life.now, latest_invoice=invoice_id)
    lines = item_lines(stage, items)
    pay(stage, finalize(stage, draft(stage, sub, lines, "subscription_update", invoice_id)))


def renew(stage: Stage, id: str) -> Story:
    """Begin the next period of the items whose period is over, and collect what it costs."""
    life, sub = stage.life, stage.sub(id)
    renewed = tuple(_renewed(item, life.now, sub.anchor) for item in scheduled_items(stage, id))
    invoice_id = life.new_id("in")
    status = "active" if sub.status == "trialing" else sub.status
    life.change(id, items=renewed, latest_invoice=invoice_id, status=status)
    due = [item for item in renewed if item.begins == life.now]
    invoice = draft(stage, sub, item_lines(stage, due), "subscription_cycle", invoice_id)
    if sub.discount and sub.discount.coupon.duration == "once":
        drop_discount(stage, id)
    if sub.status == "unpaid":
        return  # its invoices stay drafts until somebody pays
    yield life.now + HOUR_S + stage.chance.between(0, 900)
    if stage.is_on(id):
        yield from collect(stage, id, invoice)


def collect(stage: Stage, id: str, invoice: Invoice) -> Story:
    """Finalize and collect a renewal's invoice, unless collection is paused."""
    paused = stage.sub(id).pause_collection
    if paused == "keep_as_draft":
        return
    invoice = finalize(stage, invoice)
    if paused:
        close(stage, invoice, "void" if paused == "void" else "uncollectible")
        return
    if invoice.total == 0 or stage.chance.happens(PAYS):
        pay(stage, invoice)
        is_paid = True
    else:
        is_paid = yield from retry(stage, id, invoice, RECOVERS)
    if not stage.is_on(id):
        return
    if is_paid and stage.sub(id).status == "past_due":
        stage.life.change(id, status="active")
    elif not is_paid:
        yield from _give_up(stage, id)


def _give_up(stage: Stage, id: str) -> Story:
    """All retries are used up: what the account's settings say for this case."""
    outcome = stage.chance.weighted(((50, "cancel"), (35, "unpaid"), (15, "past_due")))
    if outcome == "cancel":
        end(stage, id, "payment_failed")
    elif outcome == "unpaid":
        stage.life.change(id, status="unpaid")
        yield from _stay_unpaid(stage, id)


def _stay_unpaid(stage: Stage, id: str) -> Telling[None]:
    latest = stage.invoices[id]
    yield stage.life.now + stage.chance.days(3, 10)
    if not stage.is_on(id):
        return
    outcome = stage.chance.weighted(((45, "pays"), (30, "ends"), (25, "stays")))
    if outcome == "pays" and latest.status == "open":
        pay(stage, latest)
        stage.life.change(id, status="active")
    elif outcome == "ends":
        end(stage, id, "payment_failed")


def _renewed(item: Item, now: int, anchor: int | None) -> Item:
    if item.ends > now:
        return item
    return replace(item, begins=now, ends=item.price.after(now, anchor))
