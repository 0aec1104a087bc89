"""The ingest process's pages: the webhook door, `/livez`, `/readyz` and `/metrics`."""

from __future__ import annotations

from typing import cast

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from streams.ingest.answers import problem
from streams.ingest.door import Door
from streams.ingest.log import Log


def make_app(door: Door, log: Log) -> Starlette:
    """Put the pages together.

    Args:
        door: Serves `/webhooks/stripe/{source}`.
        log: Says whether Kafka is there, for `/readyz`.
    """

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        return PlainTextResponse("ok\n") if log.is_ready else problem(503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(
        routes=[
            Route("/webhooks/stripe/{source}", door),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        exception_handlers={HTTPException: _refuse},
    )
    app.router.redirect_slashes = False
    return app


async def _refuse(_: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    return problem(refusal.status_code, dict(refusal.headers or {}))
