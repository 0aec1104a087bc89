"""`subfold worker` as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

SUBFOLD = Path(sys.executable).with_name("subfold")
PATIENCE_S = 120
POLL_S = 0.05


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that others do."""
    async with asyncio.timeout(PATIENCE_S):
        while not await is_so():  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(POLL_S)


@dataclass
class Worker:
    """One `subfold worker`."""

    process: subprocess.Popen
    log: Path
    url: str

    @property
    def text(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def stop(self) -> int:
        """Stop it as an orchestrator does, and give its exit code."""
        self.signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, PATIENCE_S)

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, PATIENCE_S)

    async def get(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def ready(self) -> None:
        async def is_ready() -> bool:
            assert self.process.poll() is None, self.text
            try:
                return (await self.get("/readyz"))[0] == 200
            except aiohttp.ClientConnectionError:
                return False  # it does not listen yet

        await until(is_ready)

    async def until_logged(self, word: str) -> None:
        async def is_logged() -> bool:
            return word in self.text

        await until(is_logged)

    async def until_told(self, line: str) -> None:
        """Wait until a line stands among the metrics."""

        async def is_told() -> bool:
            return line in (await self.get("/metrics"))[1].splitlines()

        await until(is_told)
