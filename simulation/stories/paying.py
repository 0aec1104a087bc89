"""How a customer pays: a card that is attached, renewed by its bank, or replaced by another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from simulation.chance import Chance
from simulation.objects import former_values
from simulation.payment_methods import Card, payment_method_object
from simulation.scene import Scene, Story

HAVE_CARD = 0.9


def pay_by_card(scene: Scene) -> Story:
    """Attach a card as the default for invoices; what becomes of it changes no payment."""
    # Draws of its own: lives are the same with cards as they were without.
    chance = Chance(f"{scene.account_id}/card")
    if not chance.happens(HAVE_CARD):
        return
    card = _attach(scene, chance)
    while True:
        yield scene.life.now + chance.days(40, 300)
        if scene.life.is_deleted:
            return
        if chance.happens(0.6):
            renewed = replace(card, year=card.year + 3)
            what = chance.one_of(("updated", "automatically_updated"))
            _tell(scene, renewed, what, before=card)
            card = renewed
        else:
            former, card = card, _attach(scene, chance)
            _tell(scene, former, "detached", before=former)


def _attach(scene: Scene, chance: Chance) -> Card:
    life = scene.life
    year = datetime.fromtimestamp(life.now, UTC).year + chance.between(0, 3)
    month = chance.between(1, 12)
    card = Card(id=life.new_id("pm"), created=life.now, year=year, month=month)
    _tell(scene, card, "attached")
    settings = life.profile["invoice_settings"] | {"default_payment_method": card.id}
    life.change_customer(invoice_settings=settings)
    return card


def _tell(scene: Scene, card: Card, what: str, before: Card | None = None) -> None:
    life = scene.life
    owner = None if what == "detached" else life.customer
    now = payment_method_object(card, owner, test=life.test)
    was = before and payment_method_object(before, life.customer, test=life.test)
    life.send(f"payment_method.{what}", now, former_values(was, now) if was else None)
