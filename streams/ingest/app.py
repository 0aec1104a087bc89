"""The ingest process's pages: the door's two entrances, `/livez`, `/readyz` and `/metrics`."""

from __future__ import annotations

from typing import cast

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from streams.ingest.answers import problem
from streams.ingest.door import Door
from streams.ingest.entrances import Entrance, EventBridgeKey, StripeSignature
from streams.ingest.log import Log


def make_app(door: Door, log: Log) -> Starlette:
    """Put the pages together.

    Args:
        door: Serves `/webhooks/stripe/{source}` and `/eventbridge/{source}`.
        log: Says whether Kafka is there, for `/readyz`.
    """
    signature = StripeSignature()

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        if not log.is_ready:
            return problem(503)
        ahead_s = signature.wrong_clock_s
        # A warning alone: there may be no other door, and up to five minutes it lets all in.
        warning = (
            f"warning: by Stripe's signatures this clock is {ahead_s:+.0f} s off; set it\n"
            if ahead_s is not None
            else ""
        )
        return PlainTextResponse("ok\n" + warning)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(
        routes=[
            Route("/webhooks/stripe/{source}", _Endpoint(door, signature)),
            Route("/eventbridge/{source}", _Endpoint(door, EventBridgeKey())),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        exception_handlers={HTTPException: _refuse},
    )
    app.router.redirect_slashes = False
    return app


class _Endpoint:
    """An ASGI app and no function, so that the door sees every method."""

    def __init__(self, door: Door, entrance: Entrance) -> None:
        self._door = door
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door.serve(scope, receive, send, entrance=self._entrance)


async def _refuse(_: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    return problem(refusal.status_code, dict(refusal.headers or {}))
