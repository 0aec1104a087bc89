"""How a subscription starts: paid at once, tried out first, or never paid at all."""

from __future__ import annotations

from dataclasses import replace

from simulation.billing import close, draft, fail, finalize, item_lines, pay
from simulation.catalog import SETUP
from simulation.checkouts import checkout_object
from simulation.coupons import Discount
from simulation.invoices import Invoice, Line
from simulation.objects import DAY_S, HOUR_S
from simulation.scene import Scene, Story
from simulation.stories.discounts import lasting, run_out
from simulation.stories.offers import Bought
from simulation.stories.renewing import renew
from simulation.stories.scheduling import end

TRIALS = 0.4
FIRST_PAYMENTS = 0.93
TRIAL_DAYS = (7, 14, 14, 30)
WITHOUT_CARD = ((60, "create_invoice"), (25, "pause"), (15, "cancel"))
SETUP_FEES = 0.15
COUPONS_BROUGHT = 0.15


def start(scene: Scene, bought: Bought) -> str:
    """Start a subscription, with or without a trial, and give its id."""
    return _try(scene, bought) if scene.chance.happens(TRIALS) else _buy(scene, bought)


def _try(scene: Scene, bought: Bought) -> str:
    life, days = scene.life, scene.chance.one_of(TRIAL_DAYS)
    id, invoice_id = life.new_id("sub"), life.new_id("in")
    life.subscribe(
        *bought,
        id=id,
        discount=_bring_coupon(scene, id, bought),
        trial_days=days,
        anchor=life.now + days * DAY_S,
        latest_invoice=invoice_id,
        missing_payment_method=scene.chance.weighted(WITHOUT_CARD),
    )
    lines = tuple(replace(line, amount=0) for line in item_lines(scene, scene.sub(id).items))
    first = draft(scene, scene.sub(id), lines, "subscription_create", invoice_id)
    _check_out(scene, pay(scene, finalize(scene, first)))
    scene.begin(_remind(scene, id))
    scene.begin(run_out(scene, id))
    return id


def _buy(scene: Scene, bought: Bought) -> str:
    life = scene.life
    id, invoice_id = life.new_id("sub"), life.new_id("in")
    life.subscribe(
        *bought,
        id=id,
        discount=_bring_coupon(scene, id, bought),
        status="incomplete",
        anchor=life.now,
        latest_invoice=invoice_id,
    )
    scene.begin(run_out(scene, id))
    lines = item_lines(scene, scene.sub(id).items)
    if lines[0].price.currency == SETUP.currency and scene.chance.happens(SETUP_FEES):
        amount, now = SETUP.cost(1), life.now
        fee = Line(price=SETUP, item=None, quantity=1, amount=amount, begins=now, ends=now)
        lines = (*lines, fee)
    first = finalize(scene, draft(scene, scene.sub(id), lines, "subscription_create", invoice_id))
    if scene.chance.happens(FIRST_PAYMENTS):
        paid = pay(scene, first)
        life.change(id, status="active")
        _check_out(scene, paid)
    else:
        scene.begin(_pay_late(scene, id, fail(scene, first, None)))
    return id


def _bring_coupon(scene: Scene, id: str, bought: Bought) -> Discount | None:
    """Some come with a coupon: the discount is told of before the subscription that has it."""
    if not scene.chance.happens(COUPONS_BROUGHT):
        return None
    coupon = scene.chance.one_of(lasting(bought[0][0].currency))
    given = scene.life.new_discount(coupon, subscription=id)
    scene.life.send("customer.discount.created", scene.life.written_discount(given))
    return given


def _pay_late(scene: Scene, id: str, first: Invoice) -> Story:
    """The first payment failed: a second try, or the end after 23 hours."""
    is_paid = scene.chance.happens(0.5)
    yield scene.life.now + (scene.chance.between(60, 20 * HOUR_S) if is_paid else 23 * HOUR_S)
    if not scene.is_on(id):
        return
    if is_paid:
        pay(scene, first)
        scene.life.change(id, status="active")
    else:
        close(scene, first, "void")
        scene.life.change(id, status="incomplete_expired")


def _check_out(scene: Scene, invoice: Invoice) -> None:
    """Most customers come through Checkout, which carries your own id of them."""
    life = scene.life
    if not scene.chance.happens(0.7):
        return
    session = checkout_object(
        id=life.new_id("cs_live"),
        customer=life.customer,
        subscription=invoice.subscription,
        invoice=invoice.id,
        amount=invoice.total,
        currency=invoice.currency,
        created=life.now,
        metadata={"account_id": scene.account_id},
        test=life.test,
    )
    life.send("checkout.session.completed", session)


def _remind(scene: Scene, id: str) -> Story:
    """Stripe tells three days before a trial ends."""
    trial_end = scene.sub(id).trial_end or scene.life.now
    yield trial_end - 3 * DAY_S
    if scene.is_on(id):
        scene.life.tell(id, "trial_will_end")


def end_trial(scene: Scene, id: str) -> Story:
    """Go through a trial to its end: converted, lost on the way, or without a card at the end."""
    life, sub = scene.life, scene.sub(id)
    trial_end = sub.period_end
    if scene.chance.happens(0.2):
        yield scene.chance.between(life.now + HOUR_S, trial_end - HOUR_S)
        if not scene.is_on(id):
            return
        if scene.chance.happens(0.5):
            end(scene, id, feedback="unused")
            return
        life.cancel_later(id, only_cancel_at=scene.chance.happens(0.5), feedback="unused")
    yield trial_end
    if not scene.is_on(id):
        return
    if scene.sub(id).cancel_at:
        end(scene, id)
    elif sub.missing_payment_method == "create_invoice" or scene.chance.happens(0.5):
        yield from renew(scene, id)
    elif sub.missing_payment_method == "pause":
        life.pause(id, "trial_end_without_payment_method")
    else:
        end(scene, id)
