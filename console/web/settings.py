"""The page Settings: forms over the settings in force, kept as a draft until they are applied."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.access.drafts import forget_draft
from console.actions.settings import coverage_job, presets_job, rehearse
from console.jobs import Job
from console.queries.settings import difference, version_of, versions
from console.web.rehearsal import routes as rehearsal_routes
from console.web.settings_choices import CHOICES
from console.web.settings_desk import TABLES, Desk, desk_of, keep
from console.web.settings_form import Typed, edited, nested, typed_of, typed_stages
from console.web.shell import console_of, form_of, here, mode_of, redirect, render, visitor_of
from schemas.errors import SettingsError
from schemas.presets import PRESETS
from streams.business_toml import business_toml
from streams.settings import parse_business

TABS = (
    ("source", "Source"),
    ("stages", "Stages"),
    ("business", "Business fields"),
    ("mrr", "MRR"),
    ("automations", "Automations"),
    ("toml", "As TOML"),
    ("history", "History"),
)
FILE = "subfold.toml"


def show(request: Request) -> Response:
    """One tab, as the visitor's draft or the settings in force have it."""
    section = request.path_params.get("section", "source")
    if section not in TABLES:
        raise HTTPException(404, "There is no such part of the settings.")
    desk = desk_of(request)
    if "anew" in request.query_params:
        _figures(request, section, desk, anew=True)
        return redirect(request, here(request, anew=None))
    return _tab(request, section, desk, figures=_figures(request, section, desk))


def change(request: Request) -> Response:
    """Keep what was typed; then do what the button says."""
    section = request.path_params["section"]
    if section not in TABLES:
        raise HTTPException(404, "There is no such part of the settings.")
    desk, form = desk_of(request), form_of(request)
    pairs = [(name, it) for name, it in form.multi_items() if isinstance(it, str)]
    table, posted = TABLES[section], nested(pairs)
    typed = {**desk.typed, table: posted.get(table, [] if table == "automations" else {})}
    do = str(form.get("do", ""))
    found = keep(request, desk, _done(typed, do))
    if do == "rehearse" and found.content:
        try:
            rehearse(console_of(request), visitor_of(request), found.content)
        except SettingsError as error:
            return redirect(request, _address(section), said=str(error))
        return redirect(request, "/settings/rehearsal")
    is_edit = do not in {"save", "rehearse"}
    return redirect(request, _address(section) + ("" if is_edit else "?checked=yes"))


def discard(request: Request) -> Response:
    """Throw the draft away."""
    forget_draft(console_of(request).access, visitor_of(request).name)
    return redirect(request, "/settings", said="Your draft is gone. This is what is in force.")


def toml(request: Request) -> Response:
    """All of it as one text; posted, it becomes the draft."""
    desk = desk_of(request)
    if request.method != "POST":
        content = desk.checked.content or desk.version.content
        return _tab(request, "toml", desk, text=business_toml(content))
    text = str(form_of(request).get("text", ""))
    try:
        content = parse_business(text, FILE)
    except SettingsError as error:
        return _tab(request, "toml", desk, status=422, text=text, fault=str(error))
    keep(request, desk, typed_of(content))
    return redirect(request, "/settings/toml?checked=yes", said="It is your draft now.")


def download(request: Request) -> Response:
    """A version as a settings file; the one in force unless another is named."""
    named = request.query_params.get("version", "")
    with console_of(request).read_model.connect() as connection:
        found = version_of(connection, int(named)) if named.isdecimal() else None
    version = found or desk_of(request).version
    head = f"# Version {version.version} of the settings in force of subfold.\n\n"
    return PlainTextResponse(
        head + version.toml,
        media_type="application/toml",
        headers={"content-disposition": f'attachment; filename="{FILE}"'},
    )


def history(request: Request) -> Response:
    """Every version: who, why, and what it changed."""
    below = request.query_params.get("below", "")
    with console_of(request).read_model.connect() as connection:
        found = versions(
            connection, below=int(below) if re.fullmatch(r"\d{1,9}", below) else None, limit=50
        )
    return _tab(request, "history", desk_of(request), versions=found)


def version(request: Request) -> Response:
    """One version, and how it differs from the one before."""
    number = request.path_params["number"]
    with console_of(request).read_model.connect() as connection:
        found = version_of(connection, number)
        former = version_of(connection, number - 1) if number else None
    if found is None:
        raise HTTPException(404, "There is no such version of the settings.")
    changes = difference(former.content, found.content) if former else []
    return _tab(request, "version", desk_of(request), shown=found, former=former, changes=changes)


def _done(typed: Typed, do: str) -> Typed:
    verb, _, word = do.partition(" ")
    if verb == "preset" and word in PRESETS:
        return {**typed, "stages": typed_stages(PRESETS[word])}
    if verb in {"add", "remove", "up", "down"}:
        return edited(typed, do)
    return typed


def _figures(request: Request, section: str, desk: Desk, *, anew: bool = False) -> Job | None:
    console, livemode = console_of(request), mode_of(request)
    if section == "source":
        return coverage_job(console, livemode=livemode, anew=anew)
    if section == "mrr":
        content = desk.checked.content or desk.version.content
        return presets_job(console, content, livemode=livemode, anew=anew)
    return None


def _tab(
    request: Request, section: str, desk: Desk, *, status: int = 200, **more: object
) -> Response:
    is_checked = request.query_params.get("checked") == "yes"
    return render(
        request,
        f"settings/{section}.html",
        status,
        section=section,
        tabs=TABS,
        tables=TABLES,
        desk=desk,
        typed=desk.typed,
        faults=desk.checked.faults if is_checked else {},
        choices=CHOICES,
        **more,
    )


def _address(section: str) -> str:
    return f"/settings/{section}"


routes = [
    Route("/settings", show),
    Route("/settings/toml", toml, methods=["GET", "POST"]),
    Route("/settings/history", history),
    Route("/settings/history/{number:int}", version),
    Route("/settings/discard", discard, methods=["POST"]),
    Route("/settings/subfold.toml", download),
    *rehearsal_routes,
    Route("/settings/{section}", show),
    Route("/settings/{section}", change, methods=["POST"]),
]
