"""The one source of chance: seeded, so that the same arguments make the same year."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from simulation.objects import DAY_S

T = TypeVar("T")


class Chance:
    """Draws for one purpose. Those of one purpose do not depend on how much another one drew.

    Args:
        purpose: Seed of the draws.
    """

    def __init__(self, purpose: str) -> None:
        # Not for secrets; and text, unlike a tuple, gives the same seed in every process.
        self._random = Random(purpose)  # noqa: S311

    def happens(self, probability: float) -> bool:
        """Whether something of that probability happens."""
        return self._random.random() < probability

    def between(self, lowest: int, highest: int) -> int:
        """A whole number; both ends are possible."""
        return self._random.randint(lowest, highest)

    def one_of(self, things: Sequence[T]) -> T:
        """One of several, each as likely."""
        return self._random.choice(things)

    def weighted(self, things: Sequence[tuple[int, T]]) -> T:
        """One of several, each as likely as its weight says."""
        weights = [weight for weight, _ in things]
        return self._random.choices(things, weights=weights)[0][1]

    def days(self, fewest: float, most: float) -> int:
        """So many days, in seconds."""
        return self.between(int(fewest * DAY_S), int(most * DAY_S))

    def wait(self, mean_days: float) -> int:
        """Seconds until something happens that happens every so many days on average."""
        return int(self._random.expovariate(1 / mean_days) * DAY_S)

    def seconds_up_to(self, longest: int) -> int:
        """A delay from one second on: short ones are as likely as ones ten times as long."""
        return int(longest ** self._random.random())
