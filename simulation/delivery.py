"""What the network makes of a history: events late, twice, or held back while nothing gets through.

Stripe's rules: an endpoint that does not answer is tried again for up to three days; repeats of an
event differ in `pending_webhooks` alone. Source: Stripe's documentation, "Webhooks".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush

from simulation.chance import Chance
from simulation.objects import DAY_S, HOUR_S, Fields

LATE_S_MAX = 3 * DAY_S
OUTAGE_S = (10 * 60, 2 * DAY_S)
CATCH_UP_S_MAX = 6 * HOUR_S


class Course(StrEnum):
    """How a delivery came about."""

    PROMPT = "prompt"
    LATE = "late"
    HELD_BACK = "held_back"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event as it is handed over; `at` is when, in Unix seconds."""

    at: int
    course: Course
    event: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A window in which nothing gets through."""

    begins: int
    ends: int


def draw_outages(*, seed: int, number: int, start: int, days: int) -> tuple[Outage, ...]:
    """Spread so many outages of ten minutes to two days over the days; none touches another."""
    chance = Chance(f"{seed}/outages")
    share = days * DAY_S // max(1, number)
    shortest, longest = OUTAGE_S
    # Half of each share at most, so that what an outage held back arrives before the next one.
    longest = max(1, min(longest, share // 2))
    found = []
    for position in range(number):
        length = chance.between(min(shortest, longest), longest)
        begins = start + position * share + chance.between(0, share // 2 - length)
        found.append(Outage(begins=begins, ends=begins + length))
    return tuple(found)


def deliver(
    events: Iterable[Fields],
    *,
    seed: int = 1,
    disorder: float = 0.0,
    duplicates: float = 0.0,
    outages: Iterable[Outage] = (),
) -> Iterator[Delivery]:
    """Give the events in the order in which they are handed over.

    Every event arrives, and within three days of its creation; only repeats may come later.

    Args:
        events: In the order that they happened.
        seed: Another one makes others late.
        disorder: Share of the events that come later than they happened, by up to three days.
        duplicates: Share of the events that come a second time.
        outages: In the order of their time.
    """
    network = _Network(Chance(f"{seed}/network"), disorder, duplicates, tuple(outages))
    for event in events:
        network.take(event)
        yield from network.due(event["created"])
    yield from network.due(None)


class _Network:
    """Events under way; ties in time go in the order in which they were taken."""

    def __init__(
        self, chance: Chance, disorder: float, duplicates: float, outages: tuple[Outage, ...]
    ) -> None:
        self._chance = chance
        self._disorder = disorder
        self._duplicates = duplicates
        self._outages = outages
        self._under_way: list[tuple[int, int, Delivery]] = []
        self._taken = 0

    def take(self, event: Fields) -> None:
        """Decide when an event that happens now arrives, and whether once more."""
        created = event["created"]
        outage = self._outage_at(created)
        if outage:
            at, course = self._after(outage, created), Course.HELD_BACK
        elif self._chance.happens(self._disorder):
            at, course = self._late(created), Course.LATE
        else:
            at, course = created, Course.PROMPT
        self._send(Delivery(at=at, course=course, event=event))
        if self._chance.happens(self._duplicates):
            again = self._late(at)
            copy = event | {"pending_webhooks": self._chance.between(0, 1)}
            self._send(Delivery(at=again, course=Course.DUPLICATE, event=copy))

    def due(self, until: int | None) -> Iterator[Delivery]:
        """Hand over what has arrived by then; everything without a time."""
        while self._under_way and (until is None or self._under_way[0][0] <= until):
            yield heappop(self._under_way)[2]

    def _send(self, delivery: Delivery) -> None:
        self._taken += 1
        heappush(self._under_way, (delivery.at, self._taken, delivery))

    def _late(self, after: int) -> int:
        """Some seconds to three days later, but before the next outage begins."""
        at = after + self._chance.seconds_up_to(LATE_S_MAX)
        outage = self._outage_at(at)
        return max(after, outage.begins - 1) if outage else at

    def _after(self, outage: Outage, created: int) -> int:
        """When retries get through again: not all at once, and in any order."""
        at = outage.ends + self._chance.between(0, CATCH_UP_S_MAX)
        return min(at, created + LATE_S_MAX)

    def _outage_at(self, at: int) -> Outage | None:
        return next((each for each in self._outages if each.begins <= at < each.ends), None)
