"""Several stories of one life at once: each waits for its moment, the earliest goes on first."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeVar

from simulation.chance import Chance
from simulation.invoices import Invoice
from simulation.life import Life
from simulation.schedules import Schedule
from simulation.subscriptions import Subscription

T = TypeVar("T")
Telling = Generator[int, None, T]
"""Tells a part of a life: yields the moments at which it goes on, and returns what came of it."""
Story = Telling[None]


@dataclass(slots=True, kw_only=True)
class Scene:
    """Where the stories of one life are played.

    Args:
        life: Whose stories they are.
        chance: What decides in them.
        on_demand_pauses: Whether subscriptions may be paused by request, as since 2026-09-30.
        account_id: Your own id of the customer.
        invoices: The latest invoice of each subscription.
        schedules: Of the subscriptions that have one.
        numbered: How many invoices have got their number.
    """

    life: Life
    chance: Chance
    on_demand_pauses: bool
    account_id: str
    invoices: dict[str, Invoice] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    numbered: int = 0
    _waiting: list[tuple[int, int, Story]] = field(default_factory=list)
    _begun: int = 0

    def begin(self, story: Story) -> None:
        """Let a story begin at this moment."""
        self._begun += 1
        self._go_on(self._begun, story)

    def play(self, until: int) -> Iterator[Life]:
        """Go from moment to moment, and give the life after each."""
        while self._waiting and self._waiting[0][0] < until:
            self.life.now, number, story = heappop(self._waiting)
            self._go_on(number, story)
            yield self.life

    def is_on(self, id: str) -> bool:
        """Whether the subscription is still there to have something happen to it."""
        return not self.life.is_deleted and not self.life.subscriptions[id].is_over

    def sub(self, id: str) -> Subscription:
        """The subscription as it is now."""
        return self.life.subscriptions[id]

    def _go_on(self, number: int, story: Story) -> None:
        moment = next(story, None)
        if moment is not None:
            heappush(self._waiting, (max(moment, self.life.now), number, story))
