"""`GET /live`: server-sent events that say when the read model has changed, not what."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.context import Console, console_of
from console.queries.shell import revision

POLL_S = 0.5
HEARTBEAT_S = 15
"""Proxies cut connections on which nothing is said."""


async def live(request: Request) -> Response:
    """Send `changed`, with the revision as its id, as often as it is another than the last.

    What the browser knows is `Last-Event-ID` when it connects again, at first `?since=`.
    """
    known = request.headers.get("last-event-id") or request.query_params.get("since", "")
    stopping: asyncio.Event = request.app.state.stopping
    return EventSourceResponse(
        _changes(console_of(request), known, stopping),
        ping=HEARTBEAT_S,
        headers={"cache-control": "no-store"},
    )


async def _changes(
    console: Console, known: str, stopping: asyncio.Event
) -> AsyncIterator[ServerSentEvent]:
    while not stopping.is_set():
        found = str(await run_in_threadpool(_revision, console))
        if found != known:
            known = found
            yield ServerSentEvent(data=found, event="changed", id=found)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), POLL_S)


def _revision(console: Console) -> int:
    with console.read_model.connect() as connection:
        return revision(connection)


routes = [Route("/live", live)]
