"""`subfold replay --activate`, one partition after the other, that kills itself at a named point.

In one process and not in one for each partition, so that the kill ends all of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from cli.config import read_config
from streams.replay import write
from streams.replay.replay import Plan, replay
from streams.replay.write import Writer

POINTS = ("between transactions", "before the last marker")
ROWS = 5
"""Of one transaction."""


async def main(point: str) -> None:
    commit, count = Writer._commit, 0

    async def dying(self: Writer, rows: Any, *rest: Any) -> None:
        nonlocal count
        count += 1
        if point == (POINTS[0] if count > 1 else "") or (point == POINTS[1] and not rows):
            os.kill(os.getpid(), signal.SIGKILL)
        await commit(self, rows, *rest)

    write.ROWS_MAX, Writer._commit = ROWS, dying  # type: ignore[method-assign]
    deployment = read_config(None, finds_kafka=True).deployment
    for partition in range(deployment.kafka.partitions):
        await replay(Plan(deployment=deployment, announce="correction"), partition, _silent)


def _silent(*_: object) -> None:
    pass


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
