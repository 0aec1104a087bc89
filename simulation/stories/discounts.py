"""Discounts of subscriptions and of single items: redeemed, replaced, used up, taken away."""

from __future__ import annotations

from dataclasses import replace

from simulation.catalog import COUPONS
from simulation.coupons import Coupon, Discount
from simulation.timeline import Stage, Story


def redeem(stage: Stage, id: str) -> Story:
    """Give the subscription a discount, in place of the one that it has."""
    coupon = stage.chance.one_of(_usable(stage, id))
    if stage.sub(id).discount:
        drop_discount(stage, id)
    stage.life.redeem(id, coupon)
    given = stage.sub(id).discount
    if given and given.end:
        yield given.end
        if stage.is_on(id) and stage.sub(id).discount == given:
            drop_discount(stage, id)


def redeem_for_item(stage: Stage, id: str) -> Story:
    """Give the first item a discount of its own."""
    life, item = stage.life, stage.sub(id).items[0]
    if item.discount:
        return
    coupons = [each for each in _usable(stage, id) if each.duration != "once"]
    given = life.new_discount(stage.chance.one_of(coupons), subscription=id, item=item.id)
    life.send("customer.discount.created", life.written_discount(given))
    _set(stage, id, given)
    if given.end:
        yield given.end
        if stage.is_on(id) and stage.sub(id).items[0].discount == given:
            life.send("customer.discount.deleted", life.written_discount(given))
            _set(stage, id, None)


def take_away(stage: Stage, id: str) -> Story:
    """Take the subscription's discount away before its time."""
    if stage.sub(id).discount:
        drop_discount(stage, id)
    yield from ()


def drop_discount(stage: Stage, id: str) -> None:
    """End the subscription's discount now."""
    discount = stage.sub(id).discount
    if discount:
        stage.life.send("customer.discount.deleted", stage.life.written_discount(discount))
        stage.life.change(id, discount=None)


def _set(stage: Stage, id: str, discount: Discount | None) -> None:
    item, *others = stage.sub(id).items
    stage.life.change(id, items=(replace(item, discount=discount), *others))


def _usable(stage: Stage, id: str) -> list[Coupon]:
    currency = stage.sub(id).items[0].price.currency
    return [each for each in COUPONS if each.currency in {None, currency}]
