"""The other side of the door: events as Stripe signs them, and a bare ASGI client to send them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import stripe

from schemas.errors import BrokerError
from streams.ingest.app import make_app
from streams.ingest.body import BodyReader
from streams.ingest.door import Door
from streams.settings import Source

NOW = 1_800_000_000
SECRET = "whsec_of_these_tests"
OLD_SECRET = "whsec_being_rolled"
PLATFORM_SECRET = "whsec_of_the_platform"
EVENTBRIDGE_KEY = "key-of-the-connection-in-these-tests"
OLD_EVENTBRIDGE_KEY = "key-of-the-connection-that-is-rolled"
PARTITIONS = 3


def event(**fields: Any) -> dict[str, Any]:
    """A test-mode event about the subscription of `cus_1`; name what matters."""
    return {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.updated",
        "api_version": "2026-10-28.endive",
        "livemode": False,
        "data": {"object": {"id": "sub_1", "object": "subscription", "customer": "cus_1"}},
    } | fields


def body_of(**fields: Any) -> bytes:
    return json.dumps(event(**fields)).encode()


def signature(body: bytes, *, secret: str = SECRET, at: int = NOW) -> str:
    """Sign as the SDK's own helper does; that one takes only text."""
    try:
        return stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    except UnicodeDecodeError:
        mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
        return f"t={at},v1={mac.hexdigest()}"


def signed(body: bytes, **how: Any) -> list[tuple[str, str]]:
    """Headers of a good request."""
    return [
        ("content-type", "application/json; charset=utf-8"),
        ("stripe-signature", signature(body, **how)),
    ]


@dataclass
class ListLog:
    """A log that keeps what it is given, or refuses it while `is_ready` is false or it is full."""

    records: list[dict[str, Any]] = field(default_factory=list)
    is_ready: bool = True
    room: int = 1_000

    async def append(self, *, key: str, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        if not self.is_ready or len(self.records) >= self.room:
            raise BrokerError("Kafka did not acknowledge in time")
        self.records.append({"key": key, "value": value, "headers": dict(headers)})

    async def broadcast(self, *, key: str, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        for _ in range(PARTITIONS):
            await self.append(key=key, value=value, headers=headers)


MAIN = Source(
    test=True,
    webhook_secrets=(SECRET, OLD_SECRET),
    eventbridge_secrets=(EVENTBRIDGE_KEY, OLD_EVENTBRIDGE_KEY),
)


def door_of(log: ListLog, *, main: Source = MAIN, now: float = NOW, **bounds: Any) -> Any:
    """The whole app over that log, with its clock standing still."""
    sources = {
        "main": main,
        "platform": Source(test=True, accounts=("*",), webhook_secrets=(PLATFORM_SECRET,)),
        "closed": Source(test=True),
    }
    bodies = BodyReader(**bounds)
    return make_app(Door(sources=sources, log=log, clock=lambda: now, bodies=bodies), log)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def post(
    app: Any,
    body: bytes | AsyncIterator[bytes],
    headers: Iterable[tuple[str, str]],
    *,
    path: str = "/webhooks/stripe/main",
    method: str = "POST",
) -> Answer:
    """Send one request as a server would hand it on; an iterator is a chunked body."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    chunks = body if isinstance(body, AsyncIterator) else _whole(body)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        chunk = await anext(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    return Answer(
        status=start["status"],
        headers={name.decode(): value.decode() for name, value in start["headers"]},
        body=b"".join(message.get("body", b"") for message in sent[1:]),
    )


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body
