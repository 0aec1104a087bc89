"""`subfold worker` whose clock is ahead: `python wrong_clock_worker.py SECONDS`."""

from __future__ import annotations

import sys
import time
from typing import Any

from cli.main import app
from streams.worker import run
from streams.worker.broker_time import BrokerTime
from streams.worker.clock import Clock


class WrongClock(Clock):
    """Goes by a clock that is ahead."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._time = BrokerTime(wall=lambda: time.time() + AHEAD_S, steady=time.monotonic)


if __name__ == "__main__":
    AHEAD_S = float(sys.argv[1])
    run.Clock = WrongClock  # type: ignore[misc,attr-defined]
    app(["worker"])
