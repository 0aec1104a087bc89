"""What machines ask: is it alive, has it read the topics, how is it."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from streams.metrics import console_lag


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """The read model has been as new as the topics since the start."""
    state = request.app.state
    state.was_caught_up = getattr(state, "was_caught_up", False) or state.progress.is_caught_up
    if not state.was_caught_up:
        why = state.progress.fault or "the topics are still being read"
        return PlainTextResponse(f"{why}\n", 503)
    return PlainTextResponse("ok\n")


def metrics(request: Request) -> Response:
    """For Prometheus; beyond loopback with a token of scope `read`."""
    for topic, left in request.app.state.progress.lag().items():
        console_lag.labels(topic).set(left)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
