"""A year of a made-up Stripe account: every event, in the order in which it happened."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from simulation.catalog import COUPONS, LOYALTY, PRICES, PRODUCTS
from simulation.chance import Chance
from simulation.coupons import coupon_object
from simulation.life import Life
from simulation.objects import DAY_S, Fields, Generation, event_object, made_id
from simulation.people import account_id, newcomer
from simulation.prices import PRICES_CREATED, price_object, product_object
from simulation.scene import Scene
from simulation.stories.customers import live
from simulation.stories.offers import CURRENCIES

EARLY = 0.35
"""Share of the customers that come in the first twelfth; the others come all along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """What all lives have in common; times are Unix seconds."""

    seed: int
    start: int
    until: int
    generation: Generation | None
    on_demand_pauses: bool | None


def simulate(
    *,
    seed: int = 1,
    customers: int = 200,
    days: int = 365,
    start: int = PRICES_CREATED,
    generation: Generation | None = None,
    on_demand_pauses: bool | None = None,
) -> Iterator[Fields]:
    """Let customers live for so many days and give every event in the order that it happened.

    What happens does not depend on the generation: the same seed gives the same ids, times and
    facts in other shapes, but for pauses by request, which `on_demand_pauses` governs; a customer's
    life depends on seed and number alone, so more customers leave the others as they are.

    Args:
        seed: Another one gives other customers and other lives.
        customers: How many come in the course of the days.
        days: Length of the whole.
        start: Unix seconds of its beginning.
        generation: API version whose shapes the events have; None gives each customer one of its
            own, in turn, as in an account that is being moved from the oldest to the newest.
        on_demand_pauses: Whether subscriptions are paused by request, as can be since
            2026-09-30.endive; None for just those customers whose generation has it.
    """
    year = _Year(
        seed=seed,
        start=start,
        until=start + days * DAY_S,
        generation=generation,
        on_demand_pauses=on_demand_pauses,
    )
    yield from _account(year)
    lives = (_life(year, number) for number in range(customers))
    yield from heapq.merge(*lives, key=lambda event: event["created"])


def _account(year: _Year) -> Iterator[Fields]:
    """What belongs to no customer: products, prices and coupons, all made on the first day."""
    generation = year.generation or Generation.ENDIVE
    things = [
        *(("product", product_object(id, name, test=False)) for id, name in PRODUCTS.items()),
        *(("price", price_object(price, generation, test=False)) for price in PRICES),
        *(("coupon", coupon_object(each, redeemed=0, test=False)) for each in (*COUPONS, LOYALTY)),
    ]
    for kind, thing in things:
        yield event_object(
            id=made_id("evt", f"{year.seed}/{thing['id']}"),
            type=f"{kind}.created",
            created=year.start,
            generation=generation,
            thing=thing,
            test=False,
        )


def _life(year: _Year, number: int) -> Iterator[Fields]:
    """One customer's events, as they happen."""
    identity = f"{year.seed}/{number}"
    chance = Chance(identity)
    span = (year.until - year.start) // 12 if chance.happens(EARLY) else year.until - year.start - 1
    now, currency = year.start + chance.between(0, span), chance.weighted(CURRENCIES)
    generations = list(Generation)
    generation = year.generation or generations[number % len(generations)]
    pauses = year.on_demand_pauses
    scene = Scene(
        life=Life(
            identity=identity,
            profile=newcomer(identity, chance, now, currency),
            now=now,
            generation=generation,
        ),
        chance=chance,
        on_demand_pauses=generation is Generation.ENDIVE if pauses is None else pauses,
        account_id=account_id(identity),
    )
    scene.begin(live(scene, currency))
    yield from _taken(scene.life)
    for life in scene.play(year.until):
        yield from _taken(life)


def _taken(life: Life) -> list[Fields]:
    events, life.events = life.events, []
    return events
