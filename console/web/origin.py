"""Whether a browser says that a request came from a page of ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request


def came_from_here(request: Request, public_url: str | None) -> bool:
    """Compare `Origin` with the address that was asked.

    Browsers send it with every form; what sends neither it nor `Sec-Fetch-Site` is no browser.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    return origin == public_url or _host_of(origin) == request.headers.get("host")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
