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
"""Times that `DUE` rows become due, are ticked and are due again later."""
TRIES = 5
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
    """How long it takes to tick what is due, over and over; the best of some tries."""
    return min(_ticked(timers, begin=1 + number * ROUNDS * DUE) for number in range(TRIES))


def _ticked(timers: Timers, *, begin: int) -> float:
    """Of rows that are due second by second; when ticked each is due again in the next round."""
    for number in range(DUE):
        timers.set(b"main/-/live/cus_%d" % number, Due(begin + number, 1), settings_version=1)
    started = time.perf_counter()
    for turn in range(1, ROUNDS + 1):
        ticks = timers.take_due(begin + turn * DUE - 1, DUE)
        if len(ticks) != DUE:
            raise AssertionError(f"{len(ticks)} ticks where {DUE} rows are due")
        for offset, tick in enumerate(ticks):
            timers.written(tick, offset)
            timers.set(tick.key, Due(tick.due_at + DUE, 1), settings_version=1)
        timers.settled(DUE)
    return time.perf_counter() - started


def main() -> None:
    """Measure both, by turns, and print the ratio."""
    made = {rows: armed(rows) for rows in (SMALL, LARGE)}
    seconds = {rows: ticked(timers) for rows, (timers, _) in made.items()}
    table = Table("rows", "built at a start", f"{ROUNDS} × {DUE} ticks", box=None)
    for rows, (_, built) in made.items():
        table.add_row(f"{rows:,}", f"{built:.2f} s", f"{seconds[rows] * 1000:.0f} ms")
    Console().print(table)
    cost = seconds[LARGE] / seconds[SMALL]
    Console().print(f"{LARGE // SMALL} times as many rows, {cost:.1f} times the cost of a tick")


if __name__ == "__main__":
    main()
