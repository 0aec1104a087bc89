"""`GET /live`: server-sent events that say when the read model has changed, not what."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.context import Console, console_of, visitor_of
from console.queries.shell import revision
from console.web.who import visitor_now

POLL_S = 0.5
HEARTBEAT_S = 15
"""Proxies cut connections on which nothing is said."""


async def live(request: Request) -> Response:
    """Send `changed`, with the revision as its id, as often as it is another than the last.

    What the browser knows is `Last-Event-ID` when it connects again, at first `?since=`. It ends
    when who asked has logged out, was removed or has another role; they may ask again.
    """
    console, visitor = console_of(request), visitor_of(request)
    known = request.headers.get("last-event-id") or request.query_params.get("since", "")
    stopping: asyncio.Event = request.app.state.stopping
    return EventSourceResponse(
        _changes(console, known, stopping, lambda: visitor_now(console, request) == visitor),
        ping=HEARTBEAT_S,
        headers={"cache-control": "no-store"},
    )


async def _changes(
    console: Console, known: str, stopping: asyncio.Event, may_know: Callable[[], bool]
) -> AsyncIterator[ServerSentEvent]:
    while not stopping.is_set() and await run_in_threadpool(may_know):
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
