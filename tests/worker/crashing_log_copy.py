"""`subfold log copy` that kills itself after some records were handed to its producer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from cli.main import main
from streams.copying.records import LogCopy

UNKNOWN = 50
"""Records that were handed over and of which nobody heard any more."""


def dies_after(count: int) -> None:
    send, sent = LogCopy._send, 0

    async def dying(self: LogCopy, *of: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == count:
            await self.producer.flush()
        if sent == count + UNKNOWN:
            # Some of the last are there, in some partitions.
            await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGKILL)
        return await send(self, *of)

    LogCopy._send = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    dies_after(int(sys.argv.pop(1)))
    main()
