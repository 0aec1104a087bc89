"""`make bench`: what the clock costs with a hundred times as many rows, and as many due.

All in one run: look at the ratio. The rows stand for those of one partition, as read at a start.
"""

from __future__ import annotations

import time

from rich.console import Console
from rich.table import Table

from streams.worker.timers import Due, Timers

SMALL, LARGE = 10_000, 1_000_000
DUE = 1_000
ROUNDS = 20
"""Times that `DUE` rows become due, are ticked and are due again much later."""
FAR = 10**9


def armed(rows: int) -> tuple[Timers, float]:
    """Timers of so many rows, and how long it took to build them."""
    timers = Timers()
    keys = [b"main/-/live/cus_%d" % number for number in range(rows)]
    started = time.perf_counter()
    for number, key in enumerate(keys):
        timers.set(key, Due(FAR + number, 1), settings_version=1)
    return timers, time.perf_counter() - started


def ticked(timers: Timers) -> float:
    """How long it takes to tick what is due, over and over."""
    for number in range(DUE):
        timers.set(b"main/-/live/cus_%d" % number, Due(number, 1), settings_version=1)
    started = time.perf_counter()
    for turn in range(ROUNDS):
        ticks = timers.take_due((turn + 1) * FAR // ROUNDS // 2, DUE)
        if len(ticks) != DUE:
            raise AssertionError(f"{len(ticks)} ticks where {DUE} rows are due")
        for offset, tick in enumerate(ticks):
            timers.written(tick, offset)
            again = Due((turn + 1) * FAR // ROUNDS // 2 + 1 + offset, 1)
            timers.set(tick.key, again, settings_version=1)
        timers.settled(DUE)
    return time.perf_counter() - started


def main() -> None:
    """Measure both, and print the ratio."""
    table = Table("rows", "built at a start", f"{ROUNDS} × {DUE} ticks", box=None)
    seconds = []
    for rows in (SMALL, LARGE):
        timers, built = armed(rows)
        seconds.append(ticked(timers))
        table.add_row(f"{rows:,}", f"{built:.2f} s", f"{seconds[-1] * 1000:.0f} ms")
    Console().print(table)
    cost = seconds[1] / seconds[0]
    Console().print(f"{LARGE // SMALL} times as many rows, {cost:.1f} times the cost of a tick")


if __name__ == "__main__":
    main()
