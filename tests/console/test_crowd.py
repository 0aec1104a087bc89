"""Given many requests at once, each is answered."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp

from console.web.app import make_app
from tests.served import served
from web import make_console

AT_ONCE = 150


async def statuses(url: str) -> Counter[int]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask() -> int:
            async with session.get(url) as answer:
                await answer.read()
                return answer.status

        return Counter(await asyncio.gather(*(ask() for _ in range(AT_ONCE))))


async def test_more_requests_than_connections_are_all_answered(filled):
    with served(make_app(make_console(filled))) as url:
        assert await statuses(f"{url}/api/v1/accounts?limit=1") == {200: AT_ONCE}
