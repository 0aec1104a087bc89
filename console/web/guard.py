"""Stands before every page and the API: who asks, and may they."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from console.access.visitor import LOCAL
from console.context import Console


class Guard:
    """Puts console, visitor and CSRF token into the request's state."""

    def __init__(self, app: ASGIApp, *, console: Console) -> None:
        self._app = app
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass."""
        scope["state"] = {
            **scope.get("state", {}),
            "console": self._console,
            "visitor": LOCAL,
            "csrf": "",
            "csrf_checked": True,
        }
        await self._app(scope, receive, send)
