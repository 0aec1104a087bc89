"""How a subscription starts: paid at once, tried out first, or never paid at all."""

from __future__ import annotations

from dataclasses import replace

from simulation.billing import close, draft, fail, finalize, item_lines, pay
from simulation.catalog import SETUP
from simulation.checkouts import checkout_object
from simulation.invoices import Invoice, Line
from simulation.objects import DAY_S, HOUR_S
from simulation.stories.offers import Bought
from simulation.stories.renewing import renew
from simulation.stories.scheduling import end
from simulation.timeline import Stage, Story

TRIALS = 0.4
FIRST_PAYMENTS = 0.93
TRIAL_DAYS = (7, 14, 14, 30)
WITHOUT_CARD = ((60, "create_invoice"), (25, "pause"), (15, "cancel"))
SETUP_FEES = 0.15


def start(stage: Stage, bought: Bought) -> str:
    """Start a subscription, with or without a trial, and give its id."""
    return _try(stage, bought) if stage.chance.happens(TRIALS) else _buy(stage, bought)


def _try(stage: Stage, bought: Bought) -> str:
    life, days = stage.life, stage.chance.one_of(TRIAL_DAYS)
    invoice_id = life.new_id("in")
    id = life.subscribe(
        *bought,
        trial_days=days,
        anchor=life.now + days * DAY_S,
        latest_invoice=invoice_id,
        missing_payment_method=stage.chance.weighted(WITHOUT_CARD),
    )
    lines = tuple(replace(line, amount=0) for line in item_lines(stage, stage.sub(id).items))
    first = draft(stage, stage.sub(id), lines, "subscription_create", invoice_id)
    _check_out(stage, pay(stage, finalize(stage, first)))
    stage.begin(_remind(stage, id))
    return id


def _buy(stage: Stage, bought: Bought) -> str:
    life, invoice_id = stage.life, stage.life.new_id("in")
    id = life.subscribe(*bought, status="incomplete", anchor=life.now, latest_invoice=invoice_id)
    lines = item_lines(stage, stage.sub(id).items)
    if lines[0].price.currency == SETUP.currency and stage.chance.happens(SETUP_FEES):
        amount, now = SETUP.cost(1), life.now
        fee = Line(price=SETUP, item=None, quantity=1, amount=amount, begins=now, ends=now)
        lines = (*lines, fee)
    first = finalize(stage, draft(stage, stage.sub(id), lines, "subscription_create", invoice_id))
    if stage.chance.happens(FIRST_PAYMENTS):
        paid = pay(stage, first)
        life.change(id, status="active")
        _check_out(stage, paid)
    else:
        stage.begin(_pay_late(stage, id, fail(stage, first, None)))
    return id


def _pay_late(stage: Stage, id: str, first: Invoice) -> Story:
    """The first payment failed: a second try, or the end after 23 hours."""
    is_paid = stage.chance.happens(0.5)
    yield stage.life.now + (stage.chance.between(60, 20 * HOUR_S) if is_paid else 23 * HOUR_S)
    if not stage.is_on(id):
        return
    if is_paid:
        pay(stage, first)
        stage.life.change(id, status="active")
    else:
        close(stage, first, "void")
        stage.life.change(id, status="incomplete_expired")


def _check_out(stage: Stage, invoice: Invoice) -> None:
    """Most customers come through Checkout, which carries your own id of them."""
    life = stage.life
    if not stage.chance.happens(0.7):
        return
    session = checkout_object(
        id=life.new_id("cs_live"),
        customer=life.customer,
        subscription=invoice.subscription,
        invoice=invoice.id,
        amount=invoice.total,
        currency=invoice.currency,
        created=life.now,
        metadata={"account_id": stage.account_id},
        test=life.test,
    )
    life.send("checkout.session.completed", session)


def _remind(stage: Stage, id: str) -> Story:
    """Stripe tells three days before a trial ends."""
    trial_end = stage.sub(id).trial_end or stage.life.now
    yield trial_end - 3 * DAY_S
    if stage.is_on(id):
        stage.life.tell(id, "trial_will_end")


def end_trial(stage: Stage, id: str) -> Story:
    """Go through a trial to its end: converted, lost on the way, or without a card at the end."""
    life, sub = stage.life, stage.sub(id)
    trial_end = sub.period_end
    if stage.chance.happens(0.2):
        yield stage.chance.between(life.now + HOUR_S, trial_end - HOUR_S)
        if not stage.is_on(id):
            return
        if stage.chance.happens(0.5):
            end(stage, id, feedback="unused")
            return
        life.cancel_later(id, only_cancel_at=stage.chance.happens(0.5), feedback="unused")
    yield trial_end
    if not stage.is_on(id):
        return
    if stage.sub(id).cancel_at:
        end(stage, id)
    elif sub.missing_payment_method == "create_invoice" or stage.chance.happens(0.5):
        yield from renew(stage, id)
    elif sub.missing_payment_method == "pause":
        life.pause(id, "trial_end_without_payment_method")
    else:
        end(stage, id)
