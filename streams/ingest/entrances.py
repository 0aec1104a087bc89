"""Ways into the door, each with secrets of its own: Stripe's signature, EventBridge's API key."""

from __future__ import annotations

import hmac
import statistics
from collections import deque
from typing import Protocol

from starlette.datastructures import Headers

from streams.ingest.answers import Outcome, RefusedRequestError
from streams.ingest.signature import check_age, verify
from streams.metrics import webhook_clock_skew_seconds, webhook_secrets
from streams.settings import Source

API_KEY_HEADER = "x-api-key"
SKEW_MAX_S = 60
SKEWS_MIN = 10
"""Fewer say nothing: a single request may just have been held up on its way."""
SKEWS_KEPT = 100


class Entrance(Protocol):
    """How a sender shows that a source sent it."""

    def check_headers(self, headers: Headers, source_id: str, source: Source) -> None:
        """Refuse by what the headers say, before a byte of the body is read.

        Raises:
            RefusedRequestError: The source has no such entrance, or the key is wrong.
        """

    def check_body(
        self, headers: Headers, body: bytes, source_id: str, source: Source, *, now: float
    ) -> None:
        """Refuse by the body; `now` is in Unix seconds.

        Raises:
            RefusedError: It is not validly signed.
        """


class StripeSignature:
    """`/webhooks/stripe/{source}`: Stripe signed the body, within five minutes of now."""

    def __init__(self) -> None:
        self._skews_s: deque[float] = deque(maxlen=SKEWS_KEPT)

    @property
    def wrong_clock_s(self) -> float | None:
        """How far our clock seems ahead of Stripe's, when that is more than a minute."""
        if len(self._skews_s) < SKEWS_MIN:
            return None
        skew_s = statistics.median(self._skews_s)
        return skew_s if abs(skew_s) > SKEW_MAX_S else None

    def check_headers(self, headers: Headers, source_id: str, source: Source) -> None:
        """Nothing is known before the body is there: the signature is over all of it."""

    def check_body(
        self, headers: Headers, body: bytes, source_id: str, source: Source, *, now: float
    ) -> None:
        """Refuse what none of the source's webhook secrets signed, and what is not of now."""
        signed = verify(body, headers.getlist("stripe-signature"), secrets=source.webhook_secrets)
        # Also of those that are refused for their age: they are what a wrong clock is seen by.
        self._skews_s.append(now - signed.timestamp)
        webhook_clock_skew_seconds.observe(now - signed.timestamp)
        check_age(signed, now=now)
        webhook_secrets.labels(source_id, "webhooks", signed.secret).inc()


class EventBridgeKey:
    """`/eventbridge/{source}`: the API key of the connection of an EventBridge API destination.

    Source: AWS, "API destinations as targets in Amazon EventBridge", authorization by API key.
    """

    def check_headers(self, headers: Headers, source_id: str, source: Source) -> None:
        """Refuse a key that is none of the source's; without any, there is no such entrance."""
        if not source.eventbridge_secrets:
            raise RefusedRequestError(Outcome.UNKNOWN_SOURCE)
        keys = headers.getlist(API_KEY_HEADER)
        given = keys[0].encode("latin-1") if len(keys) == 1 else b""
        for place, secret in enumerate(source.eventbridge_secrets):
            if hmac.compare_digest(given, secret.get_secret_value().encode()):
                webhook_secrets.labels(source_id, "eventbridge", place).inc()
                return
        raise RefusedRequestError(Outcome.API_KEY)

    def check_body(
        self, headers: Headers, body: bytes, source_id: str, source: Source, *, now: float
    ) -> None:
        """Whoever has the key says what Stripe said; EventBridge signs nothing."""
