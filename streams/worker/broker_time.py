"""What time it is by the broker, as far as its answers have shown: its time decides in the fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

JUMP_S = 1.0
"""Between two looks; what our clock is corrected by in small steps is less."""


@dataclass(slots=True)
class BrokerTime:
    """Our clock, put back by what it was ahead of the broker's at the last answer.

    Where it is behind it is left as it is: ticks then come late, and never too early. When somebody
    sets our clock, or the machine has slept, what was known of it is known no more.

    Attributes:
        wall: Our clock, in seconds since 1970.
        steady: A clock that never jumps.
        is_known: Whether an answer has come since our clock was last set.
    """

    wall: Callable[[], float]
    steady: Callable[[], float]
    is_known: bool = False
    _ahead_s: float = 0.0
    _between_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._between_s = self.wall() - self.steady()

    def now_s(self) -> float:
        """Seconds since 1970."""
        wall_s = self.wall()
        between_s = wall_s - self.steady()
        if abs(between_s - self._between_s) > JUMP_S:
            self.is_known, self._ahead_s = False, 0.0
        self._between_s = between_s
        return wall_s - self._ahead_s

    def answered(self, timestamp_ms: int) -> None:
        """Learn from when the broker says that it has stored what was just sent."""
        self._between_s = self.wall() - self.steady()
        self._ahead_s = max(0.0, self.wall() - timestamp_ms / 1000)
        self.is_known = True
