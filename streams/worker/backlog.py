"""What waits in the log when a row is found to be due: it is folded before its tick is written.

It may change what is due, and it lets time pass itself. What comes after is not waited for, or
a busy partition would never be ticked.
"""

from __future__ import annotations

from dataclasses import dataclass

STANDSTILL_S = 30


@dataclass(slots=True)
class Backlog:
    """How far a partition must be folded before ticks are written, once something is due."""

    _end: int | None = None
    _position: int = -1
    _moved_at_s: float = 0.0

    def forget(self) -> None:
        """Nothing is due."""
        self._end = None

    def is_folded(self, *, position: int, end: int | None, now_s: float) -> bool:
        """Whether ticks may be written now; then the next are to wait for what is there by then.

        What remains where nothing moves cannot be folded, such as transactions of strangers that
        were aborted. A tick that is early does no harm: it stands behind what waits.

        Args:
            position: The next offset to be folded.
            end: Where the log ends as far as we know; None when we do not.
            now_s: By a clock that never jumps.
        """
        if self._end is None:
            self._end, self._moved_at_s = end, now_s
        if position != self._position:
            self._position, self._moved_at_s = position, now_s
        if self._end is None:
            return False
        # A control record at the end is never folded.
        is_folded = position >= self._end - 1 or now_s - self._moved_at_s >= STANDSTILL_S
        if is_folded:
            self._end = None
        return is_folded
