"""Who comes: companies with names nobody has, and whether your own id of them is known."""

from __future__ import annotations

from simulation.chance import Chance
from simulation.objects import Fields, customer_object, made_id

KNOWN_FROM_THE_START = 0.7
FIRST = (
    *("Amber", "Basalt", "Cobalt", "Dune", "Ember", "Fjord", "Granite", "Harbour", "Islet", "Jade"),
    *("Kestrel", "Lagoon", "Meadow", "Nimbus", "Onyx", "Prairie", "Quartz", "Ridge", "Summit"),
)
TRADES = (
    *("Analytics", "Bakery", "Clinics", "Design", "Energy", "Freight", "Gardens", "Hotels"),
    *("Insurance", "Joinery", "Kitchens", "Labs", "Media", "Networks", "Optics", "Print"),
)


def account_id(identity: str) -> str:
    """Your own id of a customer."""
    return f"acct-{identity.replace('/', '-')}"


def newcomer(identity: str, chance: Chance, now: int, currency: str) -> Fields:
    """A customer object on its first day; the number makes its name one of a kind."""
    is_known = chance.happens(KNOWN_FROM_THE_START)
    number = identity.partition("/")[2]
    return customer_object(
        id=made_id("cus", identity),
        name=f"{chance.one_of(FIRST)}{number} {chance.one_of(TRADES)}",
        created=now,
        currency=currency,
        metadata={"account_id": account_id(identity)} if is_known else {},
        test=False,
    )
