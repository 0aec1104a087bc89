"""What every page is made with: rendering, mode, forms, who may.

A page is a module with `routes`, appended to `PAGES` in app.py. Its endpoints are plain functions,
which Starlette runs in threads::

    def accounts(request: Request) -> Response:
        with console_of(request).read_model.connect() as connection:
            found = accounts_of(connection, livemode=mode_of(request))
        return render(request, "accounts/list.html", accounts=found)

**Live.** base.html connects once to `/live`, and the element `#live` gets the event `changed`
whenever the read model did. A part of a page that shall follow is wrapped in the macro `live`::

    {% call live("accounts") %} … {% endcall %}

It fetches the page's own address again, takes the element of the same id out of the answer and
morphs it in place: focus, scrolling and open `<details>` stay. So the server always makes whole
pages and knows nothing of fragments. The same holds for filters: a form with `hx-get`, `hx-select`
and `hx-target` of such a part works by reloading when there is no JavaScript. Forms that somebody
types into stay outside of live parts. In htmx 4 attributes are not inherited.

**Changes.** Every form that is posted has `{{ csrf_field() }}`; the guard (guard.py) lets nothing
unsafe pass without it, nor from a viewer. An endpoint that has changed something writes an audit
record and answers with `redirect(request, "/settings", said="…")`.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.context import console_of, visitor_of
from console.queries.sentences import reason_words, span_words
from console.queries.shell import around
from console.queries.words import scope_words
from console.web import filters
from console.web.who import path_of

__all__ = ["console_of", "form_of", "mode_of", "redirect", "render", "require_admin", "visitor_of"]

FOLDER = Path(__file__).parent
YEAR_S = 365 * 24 * 3600
NAV = (
    ("Accounts", "/accounts", "accounts"),
    ("Revenue", "/revenue", "revenue"),
    ("Renewals", "/renewals", "renewals"),
    ("Automations", "/automations", "automations"),
    ("Settings", "/settings", "settings"),
    ("Connect", "/connect", "connect"),
    ("Health", "/health", "health"),
)
"""Title, address, name of the icon in static/icons.svg."""
ADMIN_NAV = (("People and tokens", "/admin", "people"), ("Audit", "/audit", "audit"))
"""The same, for admins alone."""
MODE, THEME, SAID = "mode", "theme", "said"
CHOICES = {MODE: ("live", "test"), THEME: ("auto", "light", "dark")}
"""What `?mode=` and `?theme=` may be; each is remembered in a cookie of the same name."""

_environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(
    money=filters.money,
    number=filters.number,
    day=filters.day,
    day_words=filters.day_words,
    month=filters.month,
    moment=filters.moment,
    detail=filters.detail,
    short=filters.short,
    scope=scope_words,
    span=span_words,
    reason=reason_words,
)


def render(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """Make a whole page of a template, with all that base.html needs."""
    with console_of(request).read_model.connect() as connection:
        about = around(connection)
    said, visitor = request.cookies.get(SAID), request.state.visitor
    html = _environment.get_template(template).render(
        {
            "as_of": about.as_of,
            "revision": about.revision,
            "has_both_modes": about.has_live and about.has_test,
            "here": here(request),
            "link": lambda **changes: here(request, **changes),
            "livemode": mode_of(request),
            "nav": NAV + ADMIN_NAV if visitor and visitor.is_admin else NAV,
            "now": int(console_of(request).clock()),
            "path": path_of(request),
            "said": _unsaid(said) if said else None,
            "theme": _chosen(request, THEME) or "auto",
            "visitor": visitor,
            "csrf": request.state.csrf,
            "csrf_field": lambda: _csrf_field(request.state.csrf),
            **context,
        }
    )
    response = HTMLResponse(html, status)
    for name, choices in CHOICES.items():
        # What a part reloads for itself is no choice: in another tab there may be another mode.
        if request.query_params.get(name) in choices and "HX-Request" not in request.headers:
            response.set_cookie(
                name, request.query_params[name], max_age=YEAR_S, httponly=True, samesite="lax"
            )
    if said:
        response.delete_cookie(SAID, httponly=True, samesite="lax")
    return response


def alone(template: str, **context: Any) -> str:
    """A page for which no database is asked."""
    return _environment.get_template(template).render(context)


def redirect(request: Request, url: str, *, said: str | None = None) -> Response:
    """Send the browser on after a change, with a sentence that the next page shows once."""
    response = RedirectResponse(url, 303)
    if said:
        text = base64.urlsafe_b64encode(said.encode()).decode()
        response.set_cookie(SAID, text, max_age=60, httponly=True, samesite="lax")
    return response


def here(request: Request, **changes: Any) -> str:
    """This page's own address with some of its query changed; None takes a parameter out."""
    kept = request.query_params
    for name in (THEME, *changes):
        kept = kept.__class__([(key, value) for key, value in kept.multi_items() if key != name])
    added = [(name, str(value)) for name, value in changes.items() if value is not None]
    query = str(kept.__class__([*kept.multi_items(), *added]))
    return path_of(request) + (f"?{query}" if query else "")


def mode_of(request: Request) -> bool:
    """Whether the page shall show live mode.

    By `?mode=`, else as chosen last, else live unless there are test customers only.
    """
    chosen = _chosen(request, MODE)
    if chosen is None:
        with console_of(request).read_model.connect() as connection:
            about = around(connection)
        return about.has_live or not about.has_test
    return chosen == "live"


def form_of(request: Request) -> FormData:
    """What was posted; that it came from a page of ours the guard has made sure of."""
    form = request.state.form
    assert isinstance(form, FormData)  # noqa: S101 - the guard put it there
    return form


def require_admin(request: Request) -> None:
    """Keep viewers from a page that is not for them.

    Raises:
        HTTPException: 403.
    """
    if not visitor_of(request).is_admin:
        raise HTTPException(403, "This needs the role admin; you are a viewer.")


def _chosen(request: Request, name: str) -> str | None:
    for given in (request.query_params.get(name), request.cookies.get(name)):
        if given in CHOICES[name]:
            return given
    return None


def _csrf_field(token: str) -> str:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


def _unsaid(text: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(text).decode()
    except ValueError:  # not ours
        return None
