"""Users and tokens, and the audit: two pages for admins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.access.audit import ID_MAX, note, records
from console.access.tokens import Scope, add_token, all_tokens, revoke_token
from console.access.users import all_users, remove_user, set_user
from console.access.visitor import Role
from console.context import console_of, visitor_of
from console.web.shell import form_of, redirect, render, require_admin
from schemas.errors import SettingsError

DAY_S = 24 * 3600
LIFETIMES = {"30": 30 * DAY_S, "90": 90 * DAY_S, "365": 365 * DAY_S, "never": None}
"""Of tokens, as the form offers them: days, and seconds."""
AUDIT_LIMIT = 50


def admin(request: Request) -> Response:
    """Show users and tokens."""
    require_admin(request)
    return _page(request)


def audit(request: Request) -> Response:
    """Show what was done, the newest first."""
    require_admin(request)
    before = request.query_params.get("before", "")
    with console_of(request).access.connect() as connection:
        found = records(
            connection,
            before=min(int(before), ID_MAX) if before[:20].isdecimal() else None,
            limit=AUDIT_LIMIT,
        )
    older = found[-1].id if len(found) == AUDIT_LIMIT else None
    return render(request, "audit.html", records=found, older=older)


def add_user(request: Request) -> Response:
    """Add a user, or give one another password and role."""
    form = form_of(request)
    name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
    role = Role.ADMIN if form.get("role") == Role.ADMIN else Role.VIEWER

    def change(connection: Connection, at: float) -> tuple[str, str, dict[str, Any]]:
        is_new = set_user(connection, name=name, password=password, role=role, at=at)
        what = "user.added" if is_new else "user.changed"
        return what, f"{name} can log in as {role}.", {"user": name, "role": role}

    return _changed(request, change)


def take_out_user(request: Request) -> Response:
    """Take a user out."""
    name = str(form_of(request).get("name", ""))

    def change(connection: Connection, _at: float) -> tuple[str, str, dict[str, Any]]:
        remove_user(connection, name)
        return "user.removed", f"{name} cannot log in any more.", {"user": name}

    return _changed(request, change)


def make_token(request: Request) -> Response:
    """Make a token and show it, this once."""
    console, form = console_of(request), form_of(request)
    name, actor, now = str(form.get("name", "")), visitor_of(request).name, console.clock()
    scope = Scope.WRITE if form.get("scope") == Scope.WRITE else Scope.READ
    lifetime_s = LIFETIMES.get(str(form.get("days")), LIFETIMES["90"])
    expires_at = None if lifetime_s is None else now + lifetime_s
    try:
        with console.access.begin() as connection:
            token = add_token(
                connection,
                name=name,
                scope=scope,
                created_by=actor,
                at=now,
                expires_at=expires_at,
            )
            details = {"token": name, "scope": scope}
            note(connection, at=now, actor=actor, what="token.added", details=details)
    except SettingsError as error:
        return _page(request, fault=str(error), status=400)
    return _page(request, token=token)


def take_out_token(request: Request) -> Response:
    """Revoke a token."""
    token_id = str(form_of(request).get("id", ""))

    def change(connection: Connection, at: float) -> tuple[str, str, dict[str, Any]]:
        revoke_token(connection, token_id, at=at)
        return "token.revoked", f"{token_id} opens nothing any more.", {"token": token_id}

    return _changed(request, change)


def _changed(
    request: Request, change: Callable[[Connection, float], tuple[str, str, dict[str, Any]]]
) -> Response:
    """Do it and write it down in one transaction; `change` gives what, a sentence, the details."""
    console = console_of(request)
    now, actor = console.clock(), visitor_of(request).name
    try:
        with console.access.begin() as connection:
            what, said, details = change(connection, now)
            note(connection, at=now, actor=actor, what=what, details=details)
    except SettingsError as error:
        return _page(request, fault=str(error), status=400)
    return redirect(request, "/admin", said=said)


def _page(
    request: Request, *, fault: str | None = None, token: str | None = None, status: int = 200
) -> Response:
    with console_of(request).access.connect() as connection:
        return render(
            request,
            "admin.html",
            status,
            users=all_users(connection),
            tokens=all_tokens(connection),
            fault=fault,
            token=token,
        )


routes = [
    Route("/admin", admin),
    Route("/audit", audit),
    Route("/admin/users", add_user, methods=["POST"]),
    Route("/admin/users/remove", take_out_user, methods=["POST"]),
    Route("/admin/tokens", make_token, methods=["POST"]),
    Route("/admin/tokens/revoke", take_out_token, methods=["POST"]),
]
