"""Rows that a tick has left as due as they were, pausing before the next: ever longer each.

The fold ignored the tick, or it became a dead letter. Only these rows wait, all others go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

FIRST_S = 5
LONGEST_S = 6 * 3_600


@dataclass(slots=True)
class Pauses:
    """By key, how often in a row a tick for one due time was in vain."""

    _vain: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    _until: dict[bytes, float] = field(default_factory=dict)
    _heap: list[tuple[float, bytes]] = field(default_factory=list)

    def __contains__(self, key: object) -> bool:
        return key in self._until

    def begin(self, key: bytes, due_at: int, now_s: float) -> None:
        """A tick was in vain once more; `now_s` is of a clock that never jumps."""
        former, times = self._vain.get(key, (due_at, 0))
        times = times + 1 if former == due_at else 1
        self._vain[key] = (due_at, times)
        until_s = now_s + min(FIRST_S * 2.0 ** min(times - 1, 30), LONGEST_S)
        self._until[key] = until_s
        heappush(self._heap, (until_s, key))

    def over(self, now_s: float) -> list[bytes]:
        """The rows whose pause is over now, each once."""
        found = []
        while self._heap and self._heap[0][0] <= now_s:
            until_s, key = heappop(self._heap)
            if self._until.get(key) == until_s:
                del self._until[key]
                found.append(key)
        return found

    def end(self, key: bytes, *, unless_due_at: int | None = None) -> None:
        """Let go of a row, unless it is due at the very time that the ticks were in vain for."""
        if key in self._vain and self._vain[key][0] != unless_due_at:
            del self._vain[key]
            self._until.pop(key, None)
