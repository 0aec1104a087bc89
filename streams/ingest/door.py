"""The webhook door: what comes with a source's secret is stored, what does not leaves no trace.

Checks in this order: method, source, API key, length, content type, signature and its age. A 2xx is
sent when the log has the body, never before; what cannot be stored gets 503, and comes again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from schemas.errors import BrokerError
from schemas.records import Kind
from schemas.wire.events import API_VERSION
from streams.ingest.answers import Outcome, RefusedRequestError, answer
from streams.ingest.body import BodyReader, check_headers
from streams.ingest.entrances import Entrance
from streams.ingest.keys import read_envelope
from streams.ingest.log import Log
from streams.ingest.signature import Refusal, RefusedError
from streams.log.records import log_headers
from streams.metrics import webhook_api_versions, webhook_requests, webhook_seconds
from streams.settings import Source

STORING_MAX = 256
"""Signed events that wait for Kafka at once; one more gets 503 instead of a place in a queue."""
OTHER = "other"
"""Stands in metrics for sources that nobody configured."""

log = structlog.get_logger()


class Door:
    """What all entrances lead to; they share its bounds.

    Args:
        sources: Each source's secrets and what it has, by id.
        log: Where to store.
        clock: Unix seconds.
        bodies: Reads request bodies within their bounds.
    """

    def __init__(
        self,
        *,
        sources: Mapping[str, Source],
        log: Log,
        clock: Callable[[], float],
        bodies: BodyReader | None = None,
    ) -> None:
        self._sources = sources
        self._log = log
        self._clock = clock
        self._bodies = bodies or BodyReader()
        self._other_versions: set[tuple[str, str]] = set()
        self._in_flight = 0
        self._storing = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, *, entrance: Entrance
    ) -> None:
        """Serve one request of a path with a `source`; count what became of it."""
        self._in_flight += 1
        self._idle.clear()
        try:
            request = Request(scope, receive)
            source_id = request.path_params["source"]
            with webhook_seconds.time():
                outcome = await self._outcome(request, source_id, entrance)
            webhook_requests.labels(self._label(source_id), outcome).inc()
            await answer(outcome)(scope, receive, send)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def idle(self) -> None:
        """Return when every request is answered."""
        await self._idle.wait()

    def _label(self, source_id: str) -> str:
        return source_id if source_id in self._sources else OTHER

    async def _outcome(self, request: Request, source_id: str, entrance: Entrance) -> Outcome:
        try:
            await self._take(request, source_id, entrance)
        except RefusedRequestError as error:
            if error.outcome is Outcome.API_KEY:
                log.warning("webhook_refused", source=source_id, reason="api_key")
            return error.outcome
        except RefusedError as error:
            log.warning("webhook_refused", source=source_id, reason=error.reason.value)
            is_signed = error.reason in {Refusal.TOO_OLD, Refusal.IN_FUTURE}
            return Outcome.TIMESTAMP if is_signed else Outcome.SIGNATURE
        except BrokerError as error:
            log.warning("webhook_not_stored", source=source_id, reason=str(error))
            return Outcome.NOT_STORED
        except Exception as error:
            # The outermost: Stripe must hear "again". No traceback: it might show the body.
            log.error(  # noqa: TRY400
                "webhook_failed", source=self._label(source_id), reason=type(error).__name__
            )
            return Outcome.BUG
        return Outcome.STORED

    async def _take(self, request: Request, source_id: str, entrance: Entrance) -> None:
        if request.method != "POST":
            raise RefusedRequestError(Outcome.METHOD)
        if source_id not in self._sources:
            raise RefusedRequestError(Outcome.UNKNOWN_SOURCE)
        source = self._sources[source_id]
        entrance.check_headers(request.headers, source_id, source)
        check_headers(request)
        async with self._bodies.read(request) as body:
            now = self._clock()
            entrance.check_body(request.headers, body, source_id, source, now=now)
            await self._store(body, source_id, received_at_ms=int(now * 1000))

    async def _store(self, body: bytes, source_id: str, *, received_at_ms: int) -> None:
        envelope = read_envelope(body, source_id, self._sources[source_id])
        if envelope.foreign:
            log.warning("webhook_foreign", source=source_id, reason=envelope.foreign)
        self._note_version(source_id, envelope.api_version)
        headers = log_headers(
            kind=Kind.BROADCAST if envelope.is_broadcast else Kind.WEBHOOK,
            source=source_id,
            event_id=envelope.event_id,
            event_type=envelope.event_type,
            api_version=envelope.api_version,
            received_at_ms=received_at_ms,
            foreign=envelope.foreign,
        )
        if self._storing >= STORING_MAX:
            raise RefusedRequestError(Outcome.BUSY)
        self._storing += 1
        store = self._log.broadcast if envelope.is_broadcast else self._log.append
        try:
            await store(key=envelope.key, value=body, headers=headers)
        finally:
            self._storing -= 1

    def _note_version(self, source_id: str, version: str) -> None:
        """Raise an alarm at a version that `subfold connect` would not have pinned."""
        if self._sources[source_id].api_key is None or version in {"", API_VERSION}:
            return
        webhook_api_versions.labels(source_id).inc()
        if (source_id, version) not in self._other_versions:
            self._other_versions.add((source_id, version))
            log.warning(
                "webhook_api_version", source=source_id, version=version, expected=API_VERSION
            )
