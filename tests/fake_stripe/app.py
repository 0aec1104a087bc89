"""The HTTP of it: requests under /v1 are Stripe's, those under /_control turn the knobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .control import Control
from .errors import StripeError
from .fake import FakeStripe
from .faults import Fault, error_of
from .params import parse

METHODS = ["DELETE", "GET", "POST"]


def make_app(fake: FakeStripe) -> Starlette:
    """Put it together."""
    return Starlette(
        routes=[
            Route("/v1/{path:path}", Api(fake)),
            Route("/_control/{what}", Control(fake), methods=["GET", "POST"]),
        ]
    )


class Api:
    """Everything under /v1, as an ASGI application: what is dropped is never answered."""

    def __init__(self, fake: FakeStripe) -> None:
        self._fake = fake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        fake, path = self._fake, request.url.path
        fake.count(request.method, path)
        if fake.faults.latency_s:
            await asyncio.sleep(fake.faults.latency_s)
        fault = fake.faults.due(path)
        if fault and fault.kind == "drop":
            await _drop(send)
            return
        try:
            await self._happen(fault)
            params = parse(await _pairs(request))
            status, body, headers = fake.handle(request.method, path, params, request.headers)
            if request.method != "GET":
                await fake.send_due()
        except StripeError as error:
            status, body, headers = error.status, error.body(), error.headers
        headers |= {"Request-Id": fake.request_id(), "Content-Type": "application/json"}
        text = orjson.dumps(body, option=orjson.OPT_INDENT_2)
        await Response(text + b"\n", status, headers)(scope, receive, send)

    async def _happen(self, fault: Fault | None) -> None:
        if fault is None:
            return
        if fault.kind == "delete":
            self._fake.world.delete_customer(fault.id)
            await self._fake.send_due()
        if fault.kind == "advance":
            await self._fake.advance(seconds=fault.seconds)
        error = error_of(fault)
        if error:
            raise error


async def _pairs(request: Request) -> list[tuple[str, str]]:
    form = (await request.body()).decode()
    query = request.scope["query_string"].decode()
    return [*parse_qsl(query, keep_blank_values=True), *parse_qsl(form, keep_blank_values=True)]


async def _drop(send: Callable[[Any], Awaitable[None]]) -> None:
    """Promise more than is sent: the server then closes the connection in the middle of it."""
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
