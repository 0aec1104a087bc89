"""Stands before every page and the API: who asks, may they, and did it come from a page of ours.

What is unsafe (any method but GET, HEAD, OPTIONS) passes only from an admin, with the CSRF token of
the browser's own cookie, from the same origin. No page has to remember that. A program with a token
sends neither cookie nor CSRF token.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.access.reach import LOOPBACK_NAMES, is_loopback
from console.access.secret import csrf_token, new_secret
from console.context import Console
from console.web.origin import came_from_here
from console.web.who import cookie_name, is_secure, path_of, visitor_asking
from streams import metrics

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = ("/login", "/static/", "/healthz", "/readyz")
"""What anybody may ask for."""
OF_VIEWERS = frozenset({"/login", "/logout"})
"""What changes something, and a viewer may do."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
BODY_BYTES_MAX = 1024 * 1024
BODY_TIMEOUT_S = 30
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
NUL = re.compile(rb"\0|%00|\\u0000")
"""PostgreSQL takes none in a text, and nobody types one."""
HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self'; style-src 'self'; "
    # ECharts writes style attributes into its labels.
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With `no-referrer` browsers would call the origin of our own forms `null`.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


NO_NUL = "A NUL has no place in what is asked."
NO_NAME_OF_OURS = (
    "This console answers on localhost only. If you call it by another name, set "
    "console.public_url to that address."
)


class RefusedError(Exception):
    """A request that gets no further; has its answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Guard:
    """Puts console, visitor, CSRF token and form into the request's state, or answers itself."""

    app: ASGIApp
    console: Console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or say why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        cookie = request.cookies.get(cookie_name(self.console))
        given = cookie or new_secret()
        send = self._with_headers(request, send, new_cookie=None if cookie else given)
        try:
            receive = await self._admit(request, given)
        except RefusedError as refused:
            await refused.answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _admit(self, request: Request, cookie: str) -> Receive:
        """Fill the state; gives the body for whoever comes after, since reading it takes it."""
        self._check_host(request)
        if NUL.search(request.scope["query_string"]) or "\0" in path_of(request):
            raise RefusedError(_no(request, 400, NO_NUL))
        state = request.scope.setdefault("state", {})
        state["console"] = self.console
        state["csrf"] = csrf_token(cookie)
        state["form"] = FormData()
        has_token = _is_bearer(request.headers)
        state["visitor"] = await run_in_threadpool(visitor_asking, self.console, request)
        if state["visitor"] is None and not path_of(request).startswith(OPEN):
            raise RefusedError(_please_log_in(request))
        if request.method in SAFE:
            return request.receive
        self._check_role(request)
        body = await _body(request)
        if NUL.search(body):
            raise RefusedError(_no(request, 400, NO_NUL))
        if not has_token:
            await self._check_source(request, body)
        return _again(body)

    def _check_host(self, request: Request) -> None:
        options = self.console.config.deployment.console
        given = request.headers.get("host", "")
        if given and not HOST.fullmatch(given):
            raise RefusedError(_no(request, 400, "This is no host."))
        host = urlsplit(f"//{given}").hostname
        allowed = {*LOOPBACK_NAMES, urlsplit(options.public_url or "").hostname}
        if is_loopback(options.host) and (host is None or host not in allowed):
            raise RefusedError(_no(request, 421, NO_NAME_OF_OURS))

    def _check_role(self, request: Request) -> None:
        visitor = request.state.visitor
        if path_of(request) not in OF_VIEWERS and not (visitor and visitor.is_admin):
            raise RefusedError(_no(request, 403, "This needs the role admin; you are a viewer."))

    async def _check_source(self, request: Request, body: bytes) -> None:
        form = FormData()
        if request.headers.get("content-type", "").startswith(FORMS):
            try:
                form = await Request(request.scope, _again(body)).form()
            except HTTPException as error:
                raise RefusedError(_no(request, 400, f"The form: {error.detail}")) from None
        token = request.headers.get("x-csrf-token") or form.get("csrf")
        public_url = self.console.config.deployment.console.public_url
        if not came_from_here(request, public_url) or token != request.state.csrf:
            sentence = "This did not come from a page of this console. Load the page again."
            raise RefusedError(_no(request, 403, sentence))
        request.state.form = form

    def _with_headers(self, request: Request, send: Send, *, new_cookie: str | None) -> Send:
        path, began_s = path_of(request), time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                metrics.console_requests.labels(str(message["status"])).inc()
                if not path.startswith(("/static/", "/live")):
                    metrics.console_seconds.observe(time.perf_counter() - began_s)
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if path.startswith("/static/"):
                    headers["cache-control"] = "no-cache"
                else:
                    headers.setdefault("cache-control", "no-store")
                    if new_cookie and not path.startswith(("/api/", "/healthz", "/readyz")):
                        headers.append("set-cookie", _cookie(self.console, new_cookie))
            await send(message)

        return sending


def _cookie(console: Console, value: str) -> str:
    """A visitor's first cookie; a login puts another one in its place."""
    response = Response()
    response.set_cookie(
        cookie_name(console), value, httponly=True, samesite="lax", secure=is_secure(console)
    )
    return response.headers["set-cookie"]


def _is_bearer(headers: Headers) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ")


def _please_log_in(request: Request) -> Response:
    is_page = not path_of(request).startswith(("/api/", "/live", "/metrics"))
    if not is_page or _is_bearer(request.headers):
        answer = _no(request, 401, "Log in, or send a valid token: Authorization: Bearer sfc_…")
        answer.headers["www-authenticate"] = "Bearer"
        return answer
    target = path_of(request) + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(target, safe='')}" if request.method in SAFE and target != "/" else ""
    return RedirectResponse(f"/login{back}", 303)


def _no(request: Request, status: int, sentence: str) -> Response:
    if path_of(request).startswith("/api/"):
        return JSONResponse({"detail": sentence}, status)
    return PlainTextResponse(f"{sentence}\n", status)


async def _body(request: Request) -> bytes:
    too_large = _no(request, 413, f"More than {BODY_BYTES_MAX} bytes.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > BODY_BYTES_MAX:
        raise RefusedError(too_large)
    body = b""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                body += part
                if len(body) > BODY_BYTES_MAX:
                    raise RefusedError(too_large)
    except TimeoutError:
        raise RefusedError(_no(request, 408, "The rest of it did not come.")) from None
    return body


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
