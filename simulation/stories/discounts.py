"""Discounts of subscriptions and of single items: redeemed, replaced, used up, taken away."""

from __future__ import annotations

from dataclasses import replace

from simulation.catalog import COUPONS
from simulation.coupons import Coupon, Discount
from simulation.scene import Scene, Story


def redeem(scene: Scene, id: str) -> Story:
    """Give the subscription a discount, in place of the one that it has."""
    coupon = scene.chance.one_of(usable(scene.sub(id).items[0].price.currency))
    if scene.sub(id).discount:
        drop_discount(scene, id)
    scene.life.redeem(id, coupon)
    yield from run_out(scene, id)


def run_out(scene: Scene, id: str) -> Story:
    """End the subscription's discount at its end, if it has it still."""
    given = scene.sub(id).discount
    if given and given.end:
        yield given.end
        if scene.is_on(id) and scene.sub(id).discount == given:
            drop_discount(scene, id)


def redeem_for_item(scene: Scene, id: str) -> Story:
    """Give the first item a discount of its own."""
    life, item = scene.life, scene.sub(id).items[0]
    if item.discount:
        return
    coupons = lasting(item.price.currency)
    given = life.new_discount(scene.chance.one_of(coupons), subscription=id, item=item.id)
    life.send("customer.discount.created", life.written_discount(given))
    _set(scene, id, given)
    if given.end:
        yield given.end
        if scene.is_on(id) and scene.sub(id).items[0].discount == given:
            life.send("customer.discount.deleted", life.written_discount(given))
            _set(scene, id, None)


def take_away(scene: Scene, id: str) -> Story:
    """Take the subscription's discount away before its time."""
    if scene.sub(id).discount:
        drop_discount(scene, id)
    yield from ()


def drop_discount(scene: Scene, id: str) -> None:
    """End the subscription's discount now."""
    discount = scene.sub(id).discount
    if discount:
        scene.life.send("customer.discount.deleted", scene.life.written_discount(discount))
        scene.life.change(id, discount=None)


def _set(scene: Scene, id: str, discount: Discount | None) -> None:
    item, *others = scene.sub(id).items
    scene.life.change(id, items=(replace(item, discount=discount), *others))


def usable(currency: str) -> list[Coupon]:
    """Coupons that take something off in that currency."""
    return [each for each in COUPONS if each.currency in {None, currency}]


def lasting(currency: str) -> list[Coupon]:
    """Those of them that are good for more than one invoice."""
    return [each for each in usable(currency) if each.duration != "once"]
