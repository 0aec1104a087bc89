"""Looks at the console as its reader does: does it show what is in Kafka."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

READ_TIMEOUT_S = 60
POLL_S = 0.2
OK = 200
MODES = {True: "live", False: "test"}


async def console_faults(address: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Wait until the console has read the topics, and say what it shows otherwise.

    Args:
        address: `http://host:port`.
        rows: Of `billing.customers.v1`, both modes.
    """
    expected = Counter(MODES[row["livemode"]] for row in rows)
    found: dict[str, int] = {}
    async with aiohttp.ClientSession(address) as session:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                while found != expected:
                    await asyncio.sleep(POLL_S)
                    found = {mode: await _accounts(session, mode) for mode in expected}
        except TimeoutError:
            return [f"the console shows {found} accounts, of {dict(expected)}"]
        async with session.get("/accounts") as page:
            return [] if page.status == OK else [f"{page.url} answers {page.status}"]


async def _accounts(session: aiohttp.ClientSession, mode: str) -> int:
    asked = {"mode": mode, "deleted": "yes", "limit": "1"}
    async with session.get("/api/v1/accounts", params=asked) as answer:
        return int((await answer.json())["total"]) if answer.status == OK else 0
