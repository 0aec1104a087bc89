"""`subfold ingest` as a process of its own, and a client that signs as Stripe does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaConsumer

from streams.log.topics import LOG
from stripe_side import SECRET, signature

SUBFOLD = Path(sys.executable).with_name("subfold")
PATIENCE_S = 30
POLL_S = 0.05


def start(
    folder: Path,
    bootstrap_servers: str,
    prefix: str,
    *,
    program: Sequence[str | Path] = (SUBFOLD, "ingest"),
    **environ: str,
) -> subprocess.Popen:
    """Start the process; its log lines go to `ingest.log` in the folder."""
    environ = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "SUBFOLD_KAFKA__PREFIX": prefix,
        "SUBFOLD_INGEST__PORT": "0",
        "SUBFOLD_LOGS__FORMAT": "json",
        "SUBFOLD_LOGS__LEVEL": "debug",
        "STRIPE_WEBHOOK_SECRET": SECRET,
    } | environ
    with (folder / "ingest.log").open("wb") as output:
        return subprocess.Popen(program, cwd=folder, env=environ, stdout=output, stderr=output)


@dataclass
class Ingest:
    """A running door."""

    process: subprocess.Popen
    log: Path
    session: aiohttp.ClientSession
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def send(
        self, body: bytes | AsyncIterator[bytes], header: str | None = None, **how: bool
    ) -> aiohttp.ClientResponse:
        """Post one event, signed now unless a header is given; the body of the answer is read."""
        headers = {
            "content-type": "application/json",
            "stripe-signature": header or signature(body, at=int(time.time())),
        }
        url = self.url + "/webhooks/stripe/main"
        async with self.session.post(url, data=body, headers=headers, **how) as answer:
            await answer.read()
            return answer

    async def until(self, path: str, status: int) -> None:
        """Wait until a page answers with that status."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if (await self.get(path))[0] == status:
                        return
                except aiohttp.ClientConnectionError:
                    assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(POLL_S)

    async def until_closed(self) -> None:
        """Wait until it takes no new connections."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionRefusedError:
                    return
                writer.close()
                await asyncio.sleep(POLL_S)

    async def stop(self) -> int:
        """Stop it as an orchestrator does, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, PATIENCE_S)


@asynccontextmanager
async def running(
    folder: Path,
    bootstrap_servers: str,
    prefix: str,
    *,
    program: Sequence[str | Path] = (SUBFOLD, "ingest"),
    **environ: str,
) -> AsyncIterator[Ingest]:
    """A door that answers; whether Kafka does is another matter."""
    process = start(folder, bootstrap_servers, prefix, program=program, **environ)
    log = folder / "ingest.log"
    try:
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
            # As many at once as a test likes; 100 by default, and the rest would wait here.
            connector=aiohttp.TCPConnector(limit=0),
        ) as client:
            port = (await line_with("ingest_started", process, log))["port"]
            ingest = Ingest(process, log, client, port)
            await ingest.until("/livez", 200)
            yield ingest
    finally:
        process.kill()
        process.wait()


async def line_with(word: str, process: subprocess.Popen, log: Path) -> dict:
    """Wait for the first line of the log with that word."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            text = await asyncio.to_thread(log.read_text)
            for line in text.splitlines():
                if word in line:
                    return json.loads(line)
            assert process.poll() is None, text
            await asyncio.sleep(POLL_S)


async def read_log(bootstrap_servers: str, prefix: str) -> list:
    """Every committed record of the log, in no order across partitions."""
    async with AIOKafkaConsumer(
        prefix + LOG,
        bootstrap_servers=bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    ) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        records = []
        while len(records) < sum(ends.values()):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                records += batch
        return records
