"""`subfold ingest` that kills itself at a named point: `python crashing_ingest.py POINT`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from cli.main import app
from streams.ingest.log import KafkaLog

POINTS = ("before append", "appended")
STORED_BEFORE = 5
"""How many events are stored and answered before it dies."""


def main(point: str) -> None:
    append, count = KafkaLog.append, 0

    async def dying(self: KafkaLog, **record: Any) -> None:
        nonlocal count
        count += 1
        if count > STORED_BEFORE and point == "before append":
            os.kill(os.getpid(), signal.SIGKILL)
        await append(self, **record)
        if count > STORED_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)

    KafkaLog.append = dying  # type: ignore[method-assign]
    app(["ingest"])


if __name__ == "__main__":
    main(sys.argv[1])
