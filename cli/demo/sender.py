"""Posts webhooks as Stripe does: signed, again after a 503, in order for each subject."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence

import aiohttp
from stripe import WebhookSignature

from cli.demo.postings import Posting
from schemas.errors import BrokerError

AT_ONCE = 8
PATIENCE_S = 60
PAUSE_S = 1.0
OK, BUSY = 200, 503


async def send_all(
    postings: Sequence[Posting], *, url: str, secret: str, sent: Callable[[], None]
) -> int:
    """Post everything; several subjects at once, the events of one after each other.

    `sent` is called after each webhook that was taken in.

    Returns:
        How many were posted again since the door was busy; those may be stored twice.

    Raises:
        BrokerError: The door refused one, or was busy for a minute.
    """
    by_subject: defaultdict[str, list[bytes]] = defaultdict(list)
    for posting in postings:
        by_subject[posting.subject].append(posting.body)
    waiting = iter(by_subject.values())
    retries = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal retries
        for bodies in waiting:
            for body in bodies:
                retries += await _send(session, url, secret, body)
                sent()

    try:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work(session))
    except* BrokerError as refused:
        raise refused.exceptions[0] from None
    return retries


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
