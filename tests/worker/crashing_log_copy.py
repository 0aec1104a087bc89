"""`subfold log copy` that kills itself.

After so many records were handed to its producer; or, for `finish 2`, when it is about to open the
second partition.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from cli.main import main
from streams.copying.records import LogCopy
from streams.replay.write import Writer
from streams.worker.marker import Marker

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


def dies_when_it_opens(count: int) -> None:
    commit, opened = Writer._commit, 0

    async def dying(self: Writer, rows: Any, outputs: Any, marker: Marker) -> None:
        nonlocal opened
        opened += not marker.is_rebuilding
        if opened == count:
            os.kill(os.getpid(), signal.SIGKILL)
        await commit(self, rows, outputs, marker)

    Writer._commit = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    if sys.argv[1] == "finish":
        del sys.argv[1]
        dies_when_it_opens(int(sys.argv.pop(1)))
    else:
        dies_after(int(sys.argv.pop(1)))
    main()
