"""What a new customer buys, and what it may change to."""

from __future__ import annotations

from simulation.catalog import (
    BASIC,
    BASIC_YEAR,
    CALLS,
    DAY,
    DINAR,
    DINAR_MONTH,
    EURO,
    EURO_SEAT,
    EURO_YEAR,
    GRADUATED,
    PACKAGE,
    PRO,
    PRO_YEAR,
    QUARTER,
    SEAT,
    SEAT_YEAR,
    SWITCHABLE,
    VOLUME,
    WEEK,
    YEN,
    YEN_SEAT,
)
from simulation.chance import Chance
from simulation.prices import Price

Bought = tuple[tuple[Price, int], ...]
_Offer = tuple[tuple[Price, int, int], ...]

CURRENCIES = ((60, "usd"), (24, "eur"), (10, "jpy"), (6, "kwd"))
OFFERS: dict[str, tuple[tuple[int, _Offer], ...]] = {
    "usd": (
        (24, ((BASIC, 1, 3),)),
        (18, ((SEAT, 2, 25),)),
        (14, ((PRO, 1, 2),)),
        (6, ((BASIC_YEAR, 1, 2),)),
        (7, ((PRO_YEAR, 1, 1),)),
        (7, ((SEAT_YEAR, 3, 30),)),
        (6, ((QUARTER, 1, 2),)),
        (3, ((WEEK, 1, 3),)),
        (1, ((DAY, 1, 2),)),
        (6, ((PRO, 1, 1), (SEAT, 1, 10))),
        (4, ((PRO, 1, 1), (SEAT_YEAR, 1, 10))),
        (4, ((BASIC, 1, 1), (CALLS, 1, 1))),
        (3, ((BASIC, 1, 1), (PACKAGE, 500, 9000))),
        (3, ((VOLUME, 1, 30),)),
    ),
    "eur": (
        (30, ((EURO, 1, 3),)),
        (30, ((EURO_SEAT, 1, 20),)),
        (12, ((EURO_YEAR, 1, 1),)),
        (12, ((EURO, 1, 1), (EURO_SEAT, 1, 8))),
        (8, ((GRADUATED, 1, 40),)),
    ),
    "jpy": ((50, ((YEN, 1, 2),)), (50, ((YEN_SEAT, 1, 30),))),
    "kwd": ((50, ((DINAR, 1, 1),)), (50, ((DINAR_MONTH, 1, 4),))),
}
"""Weights, prices, fewest and most units. The first price of an offer is never metered."""


def choose(chance: Chance, currency: str) -> Bought:
    """Draw what a customer of that currency buys."""
    offer = chance.weighted(OFFERS[currency])
    return tuple((price, chance.between(fewest, most)) for price, fewest, most in offer)


def alternatives(price: Price, *, same_interval: bool) -> list[Price]:
    """Prices that may be bought instead, in the same currency."""
    return [
        each
        for each in SWITCHABLE
        if each.id != price.id
        and each.currency == price.currency
        and (not same_interval or rhythm(each) == rhythm(price))
    ]


def rhythm(price: Price) -> tuple[str | None, int]:
    """How often it is paid."""
    return price.interval, price.interval_count
