"""Posts webhooks as Stripe does: signed, again after a 503, in order for each subject."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from stripe import WebhookSignature

from schemas.errors import BrokerError, SettingsError

AT_ONCE = 8
PATIENCE_S = 60
REACH_TIMEOUT_S = 5
PAUSE_S = 1.0
OK, BUSY = 200, 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One webhook; those of one subject must arrive in their order."""

    subject: str
    body: bytes


async def send_all(
    postings: Iterable[Posting], *, url: str, secret: str, sent: Callable[[], None]
) -> int:
    """Post everything; several subjects at once, the events of one after each other.

    All go about in the order in which they are given: each of the lanes in it, each subject in one.
    `sent` is called after each webhook that was taken in.

    Returns:
        How many were posted again since the door was busy; those may be stored twice.

    Raises:
        BrokerError: The door refused one, or was busy for a minute.
    """
    lanes: list[list[bytes]] = [[] for _ in range(AT_ONCE)]
    lane_of: defaultdict[str, int] = defaultdict(lambda: len(lane_of) % AT_ONCE)
    for posting in postings:
        lanes[lane_of[posting.subject]].append(posting.body)
    retries = 0

    async def work(session: aiohttp.ClientSession, bodies: list[bytes]) -> None:
        nonlocal retries
        for body in bodies:
            retries += await _send(session, url, secret, body)
            sent()

    try:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for bodies in lanes:
                group.create_task(work(session, bodies))
    except* BrokerError as refused:
        raise refused.exceptions[0] from None
    return retries


async def reach(url: str) -> None:
    """Find out at once whether anything answers there; `send_all` waits and tries again.

    Raises:
        SettingsError: It is no address of the web.
        BrokerError: Nothing answers.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(
            f"{url}: not an address such as http://localhost:8080/webhooks/stripe/main"
        )
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(REACH_TIMEOUT_S):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError) as error:
        raise BrokerError(f"{url}: nothing answers there ({error})") from error
    writer.close()


async def _send(session: aiohttp.ClientSession, url: str, secret: str, body: bytes) -> int:
    """Post one body until it is taken in, and say how often it had to be posted again."""
    clock = asyncio.get_running_loop().time
    deadline_s, retries = clock() + PATIENCE_S, 0
    while (pause_s := await _attempt(session, url, secret, body)) is not None:
        if clock() > deadline_s:
            raise BrokerError(f"the door takes nothing in for {PATIENCE_S} s: its log says why")
        retries += 1
        await asyncio.sleep(pause_s)
    return retries


async def _attempt(
    session: aiohttp.ClientSession, url: str, secret: str, body: bytes
) -> float | None:
    """Post a body under a signature of this moment; give the pause before the next attempt."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": WebhookSignature.generate_signature_header(body.decode(), secret),
    }
    try:
        async with session.post(url, data=body, headers=headers) as answer:
            if answer.status == OK:
                return None
            if answer.status == BUSY:
                return float(answer.headers.get("Retry-After", PAUSE_S))
            raise BrokerError(f"the door answered {answer.status}: {await answer.text()}")
    except aiohttp.ClientError:  # the role died and is being started again
        return PAUSE_S
