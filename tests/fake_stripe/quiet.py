"""Customers by the hundred thousand to whom nothing happens: made when they are looked at.

Each has one subscription that renews every three years, so that none does in a test's time.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulation.objects import DAY_S, Fields, Generation, customer_object, made_id
from simulation.prices import Price, price_object
from simulation.subscriptions import Item, Subscription, subscription_object

from .shapes import whole
from .shelf import Shelf

PRICE = Price(
    id="price_Quiet",
    product="prod_DemoBasic",
    unit_amount=58_800,
    interval="year",
    interval_count=3,
)
WIDE_ITEMS = 12
BEFORE_S = (80 * DAY_S, 40 * DAY_S)
"""How long before the world's beginning they come: none of their events can be listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """So many quiet customers; the subscriptions of the first `wide` have twelve items each."""

    number: int
    wide: int
    start: int
    livemode: bool

    def put_on(self, shelves: dict[str, Shelf], generation: Generation) -> None:
        """Put them where they belong."""
        price = price_object(PRICE, generation, test=not self.livemode)
        if self.number:
            shelves["price"].put(whole(price, generation, livemode=self.livemode))
        for number in range(self.number):
            created, customer = self._created(number), _id("cus", number)
            shelves["customer"].put_made(
                customer, created, None, lambda n=number: self.customer(n, generation)
            )
            shelves["subscription"].put_made(
                _id("sub", number),
                created,
                customer,
                lambda n=number: self.subscription(n, generation),
            )

    def customer(self, number: int, generation: Generation) -> Fields:
        """One of them."""
        thing = customer_object(
            id=_id("cus", number),
            name=f"Quiet{number} Company",
            created=self._created(number),
            currency="usd",
            metadata={"account_id": f"acct-quiet-{number}"},
            test=not self.livemode,
        )
        return whole(thing, generation, livemode=self.livemode)

    def subscription(self, number: int, generation: Generation) -> Fields:
        """What it subscribes to."""
        created, id = self._created(number), _id("sub", number)
        items = WIDE_ITEMS if number < self.wide else 1
        sub = Subscription(
            id=id,
            customer=_id("cus", number),
            created=created,
            items=tuple(
                Item(
                    id=f"si_{id.removeprefix('sub_')}i{item}",
                    price=PRICE,
                    quantity=1 + number % 7,
                    begins=created,
                    ends=PRICE.after(created),
                )
                for item in range(1, items + 1)
            ),
        )
        thing = subscription_object(sub, generation, test=not self.livemode)
        return whole(thing, generation, livemode=self.livemode)

    def _created(self, number: int) -> int:
        first, last = BEFORE_S
        return self.start - first + (first - last) * number // max(1, self.number)


def _id(prefix: str, number: int) -> str:
    return made_id(prefix, f"quiet/{number}")
