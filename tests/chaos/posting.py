"""Posts events as Stripe does: signed, several at once, each again and again until 2xx."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
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
        self.answers: Counter[int] = Counter()
        """How often each status was answered; 0 where none was."""

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
            while not await self._is_stored(session, body):  # noqa: ASYNC110 - as Stripe does
                await asyncio.sleep(AGAIN_S)
            self.acknowledged.append(body)
            await asyncio.sleep(PAUSE_S)

    async def _is_stored(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        status = await self._status(session, body)
        self.answers[status] += 1
        return status == 200

    async def _status(self, session: aiohttp.ClientSession, body: bytes) -> int:
        headers = {
            "content-type": "application/json",
            "stripe-signature": signature(body, at=int(time.time())),
        }
        try:
            async with session.post(self._url, data=body, headers=headers) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0
