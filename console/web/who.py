"""Finds out who asks: by token, session, the proxy's word, or because nobody else can be here."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.requests import HTTPConnection, Request

from console.access.reach import is_loopback, is_private, is_trusted_proxy
from console.access.sessions import keep_session, visitor_by_session
from console.access.tokens import visitor_by_token
from console.access.users import role_of, there_are_users
from console.access.visitor import LOCAL, Role, Via, Visitor
from console.context import Console

PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""A request with any of these came through a proxy, so not from somebody at this machine."""


def visitor_asking(console: Console, request: Request) -> Visitor | None:
    """The visitor; None when they have to log in first."""
    with console.access.begin() as connection:
        visitor = _known(console, connection, request)
        if visitor and visitor.via is Via.SESSION:
            keep_session(connection, request.cookies[cookie_name(console)], at=console.clock())
        return visitor


def visitor_now(console: Console, request: Request) -> Visitor | None:
    """Who it is now that asked a while ago; to look does not keep a session."""
    with console.access.begin() as connection:
        return _known(console, connection, request)


def _known(console: Console, connection: Connection, request: Request) -> Visitor | None:
    now = console.clock()
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        takes_tokens = path_of(request).startswith(("/api/", "/metrics"))
        return visitor_by_token(connection, token, at=now) if takes_tokens else None
    if cookie := request.cookies.get(cookie_name(console)):
        visitor = visitor_by_session(connection, cookie, at=now)
        if visitor:
            return visitor
    return _by_proxy(console, connection, request) or _local(console, connection, request)


def path_of(request: HTTPConnection) -> str:
    """The path that is asked for, as the server read it; an address is made of headers as well."""
    return str(request.scope["path"])


def cookie_name(console: Console) -> str:
    """Name of the session's cookie; over HTTPS the browser holds it to this host alone."""
    return "__Host-subfold" if is_secure(console) else "subfold"


def is_secure(console: Console) -> bool:
    """Whether browsers reach it by HTTPS."""
    return (console.config.deployment.console.public_url or "").startswith("https:")


def address_of(console: Console, request: HTTPConnection) -> str:
    """Where the request came from: before the proxy, if that is one to be believed."""
    address = request.client.host if request.client else ""
    options = console.config.deployment.console
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded if forwarded and is_trusted_proxy(options, address) else address


def _by_proxy(console: Console, connection: Connection, request: Request) -> Visitor | None:
    """Who the proxy says it is: an admin if there is such a user, else a viewer."""
    options = console.config.deployment.console
    if options.proxy_user_header is None or request.client is None:
        return None
    name = request.headers.get(options.proxy_user_header, "").strip()
    if not name or not is_trusted_proxy(options, request.client.host):
        return None
    return Visitor(name=name, role=role_of(connection, name) or Role.VIEWER, via=Via.PROXY)


def _local(console: Console, connection: Connection, request: Request) -> Visitor | None:
    """On loopback, before there is a user, whoever is at this machine may do all."""
    is_here = (
        is_private(console.config.deployment.console)
        and request.client is not None
        and is_loopback(request.client.host)
        and not any(name in request.headers for name in PROXIED)
    )
    return LOCAL if is_here and not there_are_users(connection) else None
