"""`subfold console` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

SUBFOLD = Path(sys.executable).with_name("subfold")
LOG = "console.log"
PATIENCE_S = 60
POLL_S = 0.05


@dataclass
class Process:
    """A running console."""

    process: subprocess.Popen[bytes]
    log: Path
    session: aiohttp.ClientSession
    url: str = ""

    @property
    def text(self) -> str:
        return self.log.read_text()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def until(self, path: str, status: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (await self.get(path))[0] != status:
                assert self.process.poll() is None, self.text
                await asyncio.sleep(POLL_S)

    async def started(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := re.search(r"console_started.*?(http://[\d.]+:\d+)", self.text)):
                assert self.process.poll() is None, self.text
                await asyncio.sleep(POLL_S)
        self.url = found[1]

    async def stop(self) -> int:
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, PATIENCE_S)


def start(
    folder: Path, bootstrap_servers: str, prefix: str, **environ: str
) -> subprocess.Popen[bytes]:
    """Start it; its log lines go to `console.log` in the folder."""
    environ = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "SUBFOLD_KAFKA__PREFIX": prefix,
        "SUBFOLD_CONSOLE__PORT": "0",
    } | environ
    with (folder / LOG).open("wb") as output:
        return subprocess.Popen(
            [SUBFOLD, "console"], cwd=folder, env=environ, stdout=output, stderr=output
        )


@asynccontextmanager
async def running(
    folder: Path, bootstrap_servers: str, prefix: str, **environ: str
) -> AsyncIterator[Process]:
    """A console that listens."""
    process = start(folder, bootstrap_servers, prefix, **environ)
    try:
        async with aiohttp.ClientSession() as session:
            console = Process(process, folder / LOG, session)
            await console.started()
            yield console
    finally:
        process.kill()
        process.wait()
