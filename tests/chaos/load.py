"""Unique events for chaos: lives of many subscriptions, out of order, some twice, some unreadable.

Each body is made from its number alone, so that a seed says the whole run.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from build import START, deleted, item, price, subscription, updated

STATUSES = ("trialing", "active", "past_due", "active", "canceled")
POISON_EVERY = 41
AGAIN_EVERY = 50
WINDOW = 60
"""How far events are out of order."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is posted: `customers` live on, one subscription after the other."""

    seed: int
    customers: int = 40

    def bodies(self) -> Iterator[bytes]:
        """Bodies without end, in the order in which they are posted."""
        chance, number = random.Random(self.seed), 0  # noqa: S311 - it says the run
        while True:
            window = list(range(number, number + WINDOW))
            window += [each for each in window if each % AGAIN_EVERY == 0]
            chance.shuffle(window)
            yield from map(self.body, window)
            number += WINDOW

    def body(self, number: int) -> bytes:
        """One event: the next status of its customer's subscription, at a price of its own."""
        whose, turn = number % self.customers, number // self.customers
        life, status = turn // len(STATUSES), STATUSES[turn % len(STATUSES)]
        thing = subscription(
            f"sub_{whose}_{life}",
            status,
            customer=f"cus_{whose}",
            created=START,
            items=[item(price=price(1000 + number), current_period_end=START + 86_400 * number)],
        )
        if number % POISON_EVERY == POISON_EVERY - 1:
            thing["status"] = {"no": "status"}
        return orjson.dumps(
            (deleted if status == "canceled" else updated)(
                thing, at=START + number, id=f"evt_{self.seed}_{number}", livemode=whose % 4 != 3
            )
        )
