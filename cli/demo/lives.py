"""Lives made by hand: what happens to customers, told in the shapes of four API generations.

Nothing here was recorded. Times are fixed, so every run posts the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from cli.demo.life import ScriptedLife
from simulation.catalog import (
    BASIC,
    DINAR,
    EURO,
    PRO,
    PRO_YEAR,
    QUARTER,
    SEAT,
    SEAT_YEAR,
    WEEK,
    YEN,
)
from simulation.coupons import Coupon
from simulation.objects import Generation


def _trial_that_converts(life: ScriptedLife) -> None:
    sub = life.subscribe((BASIC, 1), trial_days=14)
    life.wait(11)
    life.tell(sub, "trial_will_end")
    life.renew(sub)
    life.renew(sub)


def _trial_that_is_lost(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1), trial_days=14)
    life.wait(6)
    life.cancel_later(sub)
    life.end(sub)


def _still_in_trial(life: ScriptedLife) -> None:
    life.subscribe((PRO, 1), trial_days=30)


def _more_seats_then_a_higher_plan(life: ScriptedLife) -> None:
    sub = life.subscribe((SEAT, 5))
    life.wait(9)
    life.buy(sub, SEAT, 12)
    life.renew(sub)
    life.wait(3)
    life.buy(sub, PRO, 1)


def _fewer_seats_then_a_lower_plan(life: ScriptedLife) -> None:
    sub = life.subscribe((SEAT, 20))
    life.wait(16)
    life.buy(sub, SEAT, 8)
    life.renew(sub)
    life.buy(sub, BASIC, 1)


def _from_month_to_year(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1))
    life.renew(sub)
    life.wait(10)
    life.buy(sub, PRO_YEAR, 1)


def _dunning_that_recovers(life: ScriptedLife) -> None:
    sub = life.subscribe((BASIC, 1))
    life.renew(sub, "past_due", paid=False)
    life.wait(3)
    life.bill(sub, paid=False)
    life.wait(2)
    life.bill(sub, paid=True)
    life.change(sub, status="active")


def _dunning_that_stays_unpaid(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1))
    life.renew(sub, "past_due", paid=False)
    life.wait(21)
    life.change(sub, status="unpaid")


def _dunning_that_ends(life: ScriptedLife) -> None:
    sub = life.subscribe((SEAT, 3))
    life.renew(sub, "past_due", paid=False)
    life.wait(21)
    life.end(sub, "payment_failed")


def _still_past_due(life: ScriptedLife) -> None:
    sub = life.subscribe((SEAT, 9))
    life.renew(sub, "past_due", paid=False)


def _canceled_at_the_periods_end(life: ScriptedLife) -> None:
    sub = life.subscribe((BASIC, 2))
    life.wait(12)
    life.cancel_later(sub)
    life.end(sub)


def _canceled_by_cancel_at_alone(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1))
    life.wait(12)
    life.cancel_later(sub, only_cancel_at=True)
    life.end(sub)


def _cancellation_pending(life: ScriptedLife) -> None:
    sub = life.subscribe((QUARTER, 1))
    life.wait(40)
    life.cancel_later(sub, only_cancel_at=True)


def _cancellation_withdrawn(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1))
    life.wait(12)
    life.cancel_later(sub)
    life.wait(5)
    life.keep(sub)
    life.renew(sub)


def _comes_back(life: ScriptedLife) -> None:
    sub = life.subscribe((BASIC, 1))
    life.renew(sub)
    life.wait(2)
    life.end(sub)
    life.wait(45)
    life.renew(life.subscribe((PRO, 1)))


def _two_subscriptions_one_ends(life: ScriptedLife) -> None:
    first = life.subscribe((BASIC, 1))
    life.wait(4)
    life.subscribe((SEAT, 6))
    life.wait(8)
    life.end(first)


def _two_currencies(life: ScriptedLife) -> None:
    life.subscribe((PRO, 1))
    life.wait(1)
    life.subscribe((EURO, 1))


def _first_payment_never_comes(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1), status="incomplete")
    life.bill(sub, paid=False)
    life.wait(1)
    life.change(sub, status="incomplete_expired")


def _first_payment_needs_a_second_try(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1), status="incomplete")
    life.wait(0.1)
    life.bill(sub, paid=True)
    life.change(sub, status="active")


def _discounted(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1))
    life.wait(1)
    life.redeem(sub, Coupon(id="LAUNCH20", created=life.now, percent_off=20))


def _paused_on_demand_and_resumed(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1))
    life.wait(8)
    life.pause(sub, "pause_requested")
    life.wait(30)
    life.resume(sub)


def _paused_for_want_of_a_card(life: ScriptedLife) -> None:
    sub = life.subscribe((BASIC, 1), trial_days=7)
    life.wait(7)
    life.pause(sub, "trial_end_without_payment_method")


def _collection_paused(life: ScriptedLife) -> None:
    sub = life.subscribe((BASIC, 1))
    life.wait(2)
    life.change(sub, pause_collection="void")


def _two_intervals_in_one(life: ScriptedLife) -> None:
    sub = life.subscribe((PRO, 1), (SEAT_YEAR, 4))
    life.renew(sub)


def _pays_by_the_week(life: ScriptedLife) -> None:
    sub = life.subscribe((WEEK, 2))
    for _ in range(4):
        life.renew(sub)


def _pays_in_yen(life: ScriptedLife) -> None:
    life.renew(life.subscribe((YEN, 1), trial_days=14))


def _pays_in_dinars(life: ScriptedLife) -> None:
    life.subscribe((DINAR, 1))


TALES: tuple[tuple[str, Generation, Callable[[ScriptedLife], None]], ...] = (
    ("Acorn Analytics", Generation.LEGACY, _trial_that_converts),
    ("Birch Books", Generation.LEGACY, _trial_that_is_lost),
    ("Cedar Cloud", Generation.LEGACY, _more_seats_then_a_higher_plan),
    ("Dahlia Design", Generation.LEGACY, _from_month_to_year),
    ("Elm Energy", Generation.LEGACY, _dunning_that_recovers),
    ("Fern Foods", Generation.LEGACY, _canceled_at_the_periods_end),
    ("Hazel Health", Generation.BASIL, _dunning_that_stays_unpaid),
    ("Iris Imaging", Generation.BASIL, _dunning_that_ends),
    ("Juniper Jobs", Generation.BASIL, _fewer_seats_then_a_lower_plan),
    ("Kelp Kitchens", Generation.BASIL, _discounted),
    ("Larch Logistics", Generation.BASIL, _cancellation_withdrawn),
    ("Maple Media", Generation.BASIL, _first_payment_never_comes),
    ("Nettle Networks", Generation.BASIL, _two_currencies),
    ("Olive Optics", Generation.CLOVER, _canceled_by_cancel_at_alone),
    ("Poplar Print", Generation.CLOVER, _cancellation_pending),
    ("Quince Quality", Generation.CLOVER, _discounted),
    ("Rowan Robotics", Generation.CLOVER, _comes_back),
    ("Sage Security", Generation.CLOVER, _two_subscriptions_one_ends),
    ("Tulip Travel", Generation.CLOVER, _pays_in_yen),
    ("Umber Utilities", Generation.CLOVER, _pays_in_dinars),
    ("Vetch Video", Generation.ENDIVE, _paused_on_demand_and_resumed),
    ("Willow Works", Generation.ENDIVE, _paused_for_want_of_a_card),
    ("Xylem Exports", Generation.ENDIVE, _two_intervals_in_one),
    ("Yarrow Yachts", Generation.ENDIVE, _collection_paused),
    ("Zinnia Zoology", Generation.ENDIVE, _first_payment_needs_a_second_try),
    ("Alder Audio", Generation.ENDIVE, _pays_by_the_week),
    ("Balsam Bank", Generation.ENDIVE, _still_in_trial),
    ("Clover Ceramics", Generation.BASIL, _still_past_due),
)


def ordinary_lives() -> list[ScriptedLife]:
    """Tell them all; customers come in the order of the alphabet, oldest API version first."""
    lives = []
    for number, (name, generation, tale) in enumerate(TALES, 1):
        life = ScriptedLife(number, name, generation)
        tale(life)
        lives.append(life)
    return lives
