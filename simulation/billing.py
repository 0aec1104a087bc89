"""Invoices of one subscription: made, finalized, collected, tried again, given up.

Stripe's rules: a renewal's invoice is a draft for about an hour; a first one is finalized at once.
Source: Stripe's documentation, "Subscription invoices" and "Smart Retries".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from simulation.coupons import Discount
from simulation.invoices import Invoice, Line, invoice_object, invoice_payment_object
from simulation.objects import DAY_S, HOUR_S, Generation
from simulation.scene import Scene, Telling
from simulation.subscriptions import Item, Subscription

USAGE_MOST = 40_000
RETRIES = (
    (27 * DAY_S, (3 * DAY_S, 5 * DAY_S, 7 * DAY_S)),
    (6 * DAY_S, (DAY_S, DAY_S, 2 * DAY_S)),
    (0, (6 * HOUR_S, 6 * HOUR_S)),
)
"""Pauses before each retry, by how long the period is at least: done before it ends."""


def item_lines(scene: Scene, items: Iterable[Item]) -> tuple[Line, ...]:
    """What the items cost for their present period; usage is drawn."""
    lines = []
    for item in items:
        metered = item.price.is_metered
        quantity = scene.chance.between(0, USAGE_MOST) if metered else item.quantity
        lines.append(
            Line(
                price=item.price,
                item=item.id,
                quantity=quantity,
                amount=item.price.cost(quantity),
                begins=item.begins,
                ends=item.ends,
            )
        )
    return tuple(lines)


def draft(
    scene: Scene, sub: Subscription, lines: tuple[Line, ...], reason: str, id: str = ""
) -> Invoice:
    """Make an invoice of these lines, less the discounts of the subscription."""
    life = scene.life
    about = {"id": id or life.new_id("in"), "created": life.now, "reason": reason}
    return _tell(scene, _invoice(sub, lines, life.discount, **about), "created")


def foretell(scene: Scene, sub: Subscription, lines: tuple[Line, ...], at: int) -> None:
    """Tell what these lines will come to then: an invoice that does not exist yet, without an id.

    `sub` is the subscription as it will be.
    """
    life = scene.life
    about = {"id": f"upcoming/{sub.id}/{at}", "created": at, "reason": "upcoming"}
    invoice = replace(_invoice(sub, lines, life.discount, **about), next_attempt=at + HOUR_S)
    thing = invoice_object(invoice, life.generation, test=life.test)
    del thing["id"]
    for line in thing["lines"]["data"]:
        line["invoice"] = None
    life.send("invoice.upcoming", thing)


def finalize(scene: Scene, invoice: Invoice) -> Invoice:
    """Give the invoice its number: from here on it only waits for payment."""
    scene.numbered += 1
    number = f"{scene.life.profile['invoice_prefix']}-{scene.numbered:04d}"
    final = replace(invoice, status="open", number=number, finalized_at=scene.life.now)
    return _tell(scene, final, "finalized")


def pay(scene: Scene, invoice: Invoice) -> Invoice:
    """Collect the invoice."""
    paid = replace(
        invoice,
        status="paid",
        attempt_count=invoice.attempt_count + 1,
        next_attempt=None,
        closed_at=scene.life.now,
    )
    _tell(scene, paid, "paid")
    if paid.total:
        payment = invoice_payment_object(paid, test=scene.life.test)
        scene.life.send("invoice_payment.paid", payment, since=Generation.BASIL)
    return paid


def fail(scene: Scene, invoice: Invoice, next_attempt: int | None) -> Invoice:
    """Try to collect the invoice, in vain."""
    tried = invoice.attempt_count + 1
    failed = replace(invoice, attempt_count=tried, next_attempt=next_attempt)
    return _tell(scene, failed, "payment_failed")


def close(scene: Scene, invoice: Invoice, status: str) -> Invoice:
    """Take the invoice back (`void`), or give it up (`uncollectible`)."""
    closed = replace(invoice, status=status, next_attempt=None, closed_at=scene.life.now)
    return _tell(scene, closed, "voided" if status == "void" else "marked_uncollectible")


def retry(scene: Scene, id: str, invoice: Invoice, recovers: float) -> Telling[bool]:
    """Try to collect an invoice whose first attempt fails now, until the retries are used up.

    `recovers` is the probability that one retry succeeds. Returns whether it was paid.
    """
    shortest = min(item.ends - item.begins for item in scene.sub(id).items)
    pauses = next(pauses for least, pauses in RETRIES if shortest >= least)
    for pause in pauses:
        due = scene.life.now + pause
        invoice = fail(scene, invoice, due)
        if scene.sub(id).status == "active":
            scene.life.change(id, status="past_due")
        yield due
        if not scene.is_on(id):
            return False
        if scene.chance.happens(recovers):
            pay(scene, invoice)
            return True
    fail(scene, invoice, None)
    return False


def _invoice(
    sub: Subscription, lines: tuple[Line, ...], of_customer: Discount | None, **about: Any
) -> Invoice:
    discounts = _taken_off(sub, lines, of_customer, at=about["created"])
    total = sum(line.amount for line in lines) - sum(amount for _, amount in discounts)
    return Invoice(
        customer=sub.customer,
        subscription=sub.id,
        total=max(0, total),
        currency=sub.items[0].price.currency,
        lines=lines,
        discounts=discounts,
        **about,
    )


def _tell(scene: Scene, invoice: Invoice, what: str) -> Invoice:
    scene.invoices[invoice.subscription] = invoice
    thing = invoice_object(invoice, scene.life.generation, test=scene.life.test)
    scene.life.send(f"invoice.{what}", thing)
    return invoice


def _taken_off(
    sub: Subscription, lines: tuple[Line, ...], of_customer: Discount | None, *, at: int
) -> tuple[tuple[str, int], ...]:
    """What each discount takes off: items' first, then the subscription's or else the customer's.

    An item's own counts for that item; the other one for what is left. Rounded half to even.
    """
    taken: list[tuple[str, int]] = []
    left = Fraction(0)
    currency = sub.items[0].price.currency
    of_items = {item.id: item.discount for item in sub.items if _lasts(item.discount, at)}
    for line in lines:
        amount = Fraction(line.amount)
        own = of_items.get(line.item or "")
        if own:
            off = own.coupon.off(amount, currency)
            taken.append((own.id, round(off)))
            amount -= off
        left += amount
    over_all = sub.discount or of_customer
    if over_all and _lasts(over_all, at):
        taken.append((over_all.id, round(over_all.coupon.off(left, currency))))
    return tuple(taken)


def _lasts(discount: Discount | None, at: int) -> bool:
    """Whether a discount counts then: not any more at its end."""
    return discount is not None and (discount.end is None or discount.end > at)
