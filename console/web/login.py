"""Logging in and out."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.access import throttle
from console.access.audit import note
from console.access.sessions import AGE_MAX_S, begin_session, end_session
from console.access.users import is_password
from console.context import console_of
from console.web.shell import form_of, render
from console.web.who import address_of, cookie_name, is_secure

START = "/accounts"


def login(request: Request) -> Response:
    """Show the form, or try what was given."""
    if request.state.visitor is not None:
        return RedirectResponse(_next(request.query_params.get("next")), 303)
    if request.method != "POST":
        return _form(request, "")
    form = form_of(request)
    name, cookie = _text(form, "name").strip(), None
    console, address = console_of(request), address_of(console_of(request), request)
    now = console.clock()
    with console.access.begin() as connection:
        if wait := throttle.wait_s(connection, name=name, address=address, at=now):
            answer = _form(request, f"Too many tries. Try again in {wait} seconds.", status=429)
            answer.headers["retry-after"] = str(wait)
            return answer
        # Counted before it is tried: those who come at once shall find each other's tries.
        throttle.failed(connection, name=name, address=address, at=now)
    with console.access.begin() as connection:
        if is_password(connection, name=name, password=_text(form, "password")):
            throttle.succeeded(connection, name=name, address=address)
            note(connection, at=now, actor=name, what="login.succeeded")
            cookie = begin_session(connection, user=name, at=now)
        else:
            # What was typed as a name may be a password: it is not written down.
            details = {"address": address}
            note(connection, at=now, actor="somebody", what="login.failed", details=details)
    if cookie is None:
        return _form(request, "This name and password do not belong together.", status=401)
    response = RedirectResponse(_next(_text(form, "next")), 303)
    response.set_cookie(
        cookie_name(console),
        cookie,
        max_age=AGE_MAX_S,
        httponly=True,
        samesite="lax",
        secure=is_secure(console),
    )
    return response


def logout(request: Request) -> Response:
    """End the session."""
    console, visitor = console_of(request), request.state.visitor
    name = cookie_name(console)
    with console.access.begin() as connection:
        end_session(connection, request.cookies.get(name, ""))
        note(connection, at=console.clock(), actor=visitor.name, what="logout")
    response = RedirectResponse("/login", 303)
    response.delete_cookie(name, httponly=True, samesite="lax", secure=is_secure(console))
    return response


def _form(request: Request, fault: str, *, status: int = 200) -> Response:
    target = _next(_text(form_of(request), "next") or request.query_params.get("next"))
    return render(request, "login.html", status, fault=fault, next=target)


def _next(target: str | None) -> str:
    """Where to go afterwards: an address of ours, whatever the query says."""
    is_ours = target and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if target and is_ours else START


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


routes = [
    Route("/login", login, methods=["GET", "POST"]),
    Route("/logout", logout, methods=["POST"]),
]
