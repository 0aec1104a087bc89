"""Where Stripe's test clocks stand, by what their events said; pure.

Events of a clock's customers carry the real time of their making, not the clock's: what the clock
showed then is found by the clock's own events. Source: docs/events.md, "Test clocks".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

CLOCKS_MAX = 512
"""Stripe deletes a clock after 30 days; a customer of one that has no room is ticked no more."""
STEPS_MAX = 24
SEEN_MAX = 8
"""Ids of events kept for each clock, to tell what comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSeen:
    """What an event said of a clock; `key` is that of the record."""

    key: str
    event_id: str
    at: int
    frozen_time: int
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """A clock: the times that it was frozen at, each since when by real time, oldest first.

    A deleted one moves no more; what its customers were due for until then stays due.
    """

    steps: tuple[tuple[int, int], ...] = ()
    is_deleted: bool = False
    seen: tuple[str, ...] = ()

    @property
    def frozen_time(self) -> int:
        """Where it stands."""
        return max((frozen for _, frozen in self.steps), default=0)

    def showed(self, at: int) -> int:
        """Where it stood at a moment of real time, or shortly before.

        Stripe says that a clock is there only when it has arrived: what happened in the same second
        happened on the way. No clock stood earlier than at its beginning.
        """
        before = [frozen for since, frozen in self.steps if since < at]
        return max(before, default=min((frozen for _, frozen in self.steps), default=0))

    def joined(self, seen: ClockSeen) -> ClockState:
        """The state after one more event: the same in any order of the events."""
        reached = 0
        steps = []
        for step in sorted({*self.steps, (seen.at, seen.frozen_time)}):
            if step[1] > reached:
                steps.append(step)
                reached = step[1]
        return replace(
            self,
            steps=tuple(steps[-STEPS_MAX:]),
            is_deleted=self.is_deleted or seen.is_deleted,
            seen=(*self.seen, seen.event_id)[-SEEN_MAX:],
        )


@dataclass(frozen=True, slots=True)
class Clocks:
    """All test clocks that were heard of, by the key of their records."""

    states: Mapping[str, ClockState] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, key: str) -> ClockState:
        """The state of one; one that was never heard of has no times."""
        return self.states.get(key, ClockState())

    def knows(self, seen: ClockSeen) -> bool:
        """Whether this very event was taken before, as far back as is remembered."""
        return seen.event_id in self.get(seen.key).seen

    def joined(self, seen: ClockSeen) -> Clocks:
        """All of them after one more event; where there are too many, the foremost stay."""
        states = {**self.states, seen.key: self.get(seen.key).joined(seen)}
        if len(states) > CLOCKS_MAX:
            order = sorted(states.items(), key=lambda each: (-each[1].is_deleted, _standing(each)))
            states = dict(order[1:])
        return Clocks(states)


def _standing(entry: tuple[str, ClockState]) -> tuple[int, str]:
    return (entry[1].frozen_time, entry[0])


NO_CLOCKS = Clocks()
