"""What goes wrong at the API, when a test wants it to."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Literal

from .errors import StripeError, broken, locked, rate_limited

Kind = Literal["rate_limit", "lock_timeout", "error", "unavailable", "drop", "delete", "advance"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something to happen to requests whose path begins so.

    Args:
        kind: `rate_limit` and `lock_timeout` are answered 429, `error` 500, `unavailable` 503,
            `drop` ends the connection without an answer; `delete` and `advance` let something
            happen in the world just before the request is answered.
        path: Such as `/v1/customers`.
        after: So many requests go well first.
        times: How often it happens.
        id: Of the customer to delete.
        seconds: To advance the clock by.
    """

    kind: Kind
    path: str = "/"
    after: int = 0
    times: int = 1
    id: str = ""
    seconds: int = 0


class Faults:
    """Knobs; `rate_per_s` of 0 is no limit, `latency_s` delays each answer."""

    def __init__(self) -> None:
        self.rate_per_s = 0
        self.latency_s = 0.0
        self.planned: list[Fault] = []
        self._recent: deque[float] = deque()

    def due(self, path: str) -> Fault | None:
        """The fault that meets this request, if one does."""
        met = None
        for fault in self.planned:
            if not path.startswith(fault.path):
                continue
            if fault.after:
                fault.after -= 1
            elif met is None and fault.times:
                fault.times -= 1
                met = fault
        self.planned = [fault for fault in self.planned if fault.times]
        return met

    def limit(self) -> None:
        """Refuse more requests than may come in a second.

        Raises:
            StripeError: With status 429.
        """
        if not self.rate_per_s:
            return
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.rate_per_s:
            raise rate_limited()
        self._recent.append(now)


def error_of(fault: Fault) -> StripeError | None:
    """What the request gets instead of its answer."""
    match fault.kind:
        case "rate_limit":
            return rate_limited()
        case "lock_timeout":
            return locked()
        case "error":
            return broken(500)
        case "unavailable":
            return broken(503)
    return None
