"""What machines ask: is it alive, has it read the topics, how is it."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """The read model has been as new as the topics since the start."""
    if not request.app.state.caught_up.is_set():
        return PlainTextResponse("the topics are still being read\n", 503)
    return PlainTextResponse("ok\n")


def metrics(_request: Request) -> Response:
    """For Prometheus; beyond loopback with a token of scope `read`."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
