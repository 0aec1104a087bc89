"""Posts events as Stripe does: signed, several at once, each again and again until 2xx."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import aiohttp

from stripe_side import signature

AT_ONCE = 6
PAUSE_S = 0.06
AGAIN_S = 0.2


class Poster:
    """Sends to a door that may be gone, until it is told to stop."""

    def __init__(self, bodies: Iterator[bytes], port: int) -> None:
        self._bodies = bodies
        self._url = f"http://127.0.0.1:{port}/webhooks/stripe/main"
        self._is_over = False
        self.acknowledged: list[bytes] = []
        self.refused = 0

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._post(session))

    async def stop(self, running: asyncio.Task[None]) -> None:
        """Send nothing new; what was begun is sent until it is stored."""
        self._is_over = True
        await running

    async def _post(self, session: aiohttp.ClientSession) -> None:
        while not self._is_over:
            body = next(self._bodies)
            while not await self._is_stored(session, body):
                self.refused += 1
                await asyncio.sleep(AGAIN_S)
            self.acknowledged.append(body)
            await asyncio.sleep(PAUSE_S)

    async def _is_stored(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        headers = {
            "content-type": "application/json",
            "stripe-signature": signature(body, at=int(time.time())),
        }
        try:
            async with session.post(self._url, data=body, headers=headers) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
