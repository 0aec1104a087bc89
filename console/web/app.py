"""The console's application: the guard, the pages, the API, the files."""

from __future__ import annotations

import asyncio
from itertools import chain

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from console.api.app import make_api
from console.context import Console
from console.read_model.reader import Progress
from console.web import (
    account,
    account_past,
    accounts,
    admin,
    automations,
    connect,
    health,
    live,
    login,
    probes,
    renewals,
    revenue,
    settings,
)
from console.web.guard import HEADERS, Guard
from console.web.shell import FOLDER, alone, render
from console.web.who import path_of

log = structlog.get_logger()

PAGES: tuple[list[Route], ...] = (
    account.routes,
    account_past.routes,
    accounts.routes,
    admin.routes,
    automations.routes,
    connect.routes,
    health.routes,
    live.routes,
    login.routes,
    probes.routes,
    renewals.routes,
    revenue.routes,
    settings.routes,
)
"""The routes of each page's module."""

WORDS = {
    403: "You may not do this",
    404: "There is no such page",
    405: "This is not how to ask for it",
}
AGAIN_S = 5
"""When a page asks again that had no database to ask."""


def make_app(console: Console, progress: Progress | None = None) -> Starlette:
    """Put the console together. It answers with what the console's two databases hold.

    Args:
        console: What each request gets.
        progress: How far the reader is, for `/readyz`, metrics and the page Health; None when the
            read model stands still.

    Whoever ends it sets `state.stopping` first: live connections would last for ever.
    """
    routes: list[BaseRoute] = [
        Route("/", _start),
        *chain.from_iterable(PAGES),
        Mount("/api/v1", make_api()),
        Mount("/static", StaticFiles(directory=FOLDER / "static")),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, console=console)],
        exception_handlers={HTTPException: _refused, DBAPIError: _away, Exception: _broken},
    )
    app.state.stopping, app.state.progress = asyncio.Event(), progress or Progress()
    return app


def _start(_request: Request) -> Response:
    return RedirectResponse("/accounts")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if path_of(request).startswith("/api/"):
        return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
    title = WORDS.get(error.status_code, "This did not work")
    answer = render(
        request,
        "error.html",
        error.status_code,
        title=title,
        detail=error.detail,
        code=error.status_code,
    )
    answer.headers.update(error.headers or {})
    return answer


def _away(_request: Request, error: Exception) -> Response:
    """The read model was deleted and is made anew, or its database does not answer."""
    log.warning("database_away", reason=str(getattr(error, "orig", error)))
    html = alone("away.html", seconds=AGAIN_S)
    return HTMLResponse(html, 503, {"retry-after": str(AGAIN_S)})


def _broken(_request: Request, _error: Exception) -> Response:
    """Our own fault; it is raised again behind this, so that the log has it whole."""
    # It does not come by the guard.
    return HTMLResponse(alone("broken.html"), 500, HEADERS)
