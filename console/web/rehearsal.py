"""The page of a rehearsal: what new settings would change, by customer; and applying them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast, get_args

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.access.drafts import forget_draft
from console.actions.settings import REHEARSAL, apply_rehearsed
from console.queries.names import names_of
from console.queries.rehearsal import Moved, Result
from console.queries.settings import difference, in_force
from console.web.settings_choices import ANNOUNCE
from console.web.shell import console_of, form_of, mode_of, redirect, render, visitor_of
from schemas.errors import SubfoldError
from schemas.settings import Announce

PAGE = 50
REASON_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Some of the customers that change."""

    moved: list[Moved]
    names: dict[str, str]
    begin: int
    total: int


def show(request: Request) -> Response:
    """How far it is, or what it found."""
    return _page(request)


def apply(request: Request) -> Response:
    """Apply exactly what was rehearsed and looked at."""
    form, console, visitor = form_of(request), console_of(request), visitor_of(request)
    reason, announce = str(form.get("reason", "")).strip(), str(form.get("announce", ""))
    if not reason or len(reason) > REASON_MAX:
        return _page(request, status=422, fault="Say why: it is kept with the version for ever.")
    if announce not in get_args(Announce):
        return _page(request, status=422, fault="Choose what customers' changes come to.")
    try:
        done = asyncio.run(
            apply_rehearsed(
                console,
                visitor,
                hash_=str(form.get("hash", "")),
                reason=reason,
                announce=cast(Announce, announce),
            )
        )
    except SubfoldError as error:
        return _page(request, status=409, fault=f"Not applied: {error}.")
    forget_draft(console.access, visitor.name)
    said = f"Version {done.record.version} is applied; customers follow within moments."
    return redirect(request, "/settings/history", said=said)


def _page(request: Request, *, status: int = 200, fault: str | None = None) -> Response:
    console, livemode = console_of(request), mode_of(request)
    job = console.jobs.latest(REHEARSAL)
    result: Result | None = job.result if job else None
    shown, changes, is_stale = None, [], False
    with console.read_model.connect() as connection:
        version = in_force(connection)
        if result:
            shown = _shown(request, connection, result, livemode=livemode)
            changes = difference(version.content, result.content)
            is_stale = version.version != result.base_version
    return render(
        request,
        "settings/rehearsal.html",
        status,
        job=job,
        result=result,
        sums=result.sum(livemode=livemode) if result else None,
        others=result.sum(livemode=not livemode) if result else None,
        shown=shown,
        changes=changes,
        version=version,
        is_stale=is_stale,
        fault=fault,
        announce=ANNOUNCE,
        page=PAGE,
        typed_reason=str(form_of(request).get("reason", "")) if fault else "",
    )


def _shown(request: Request, connection: Connection, result: Result, *, livemode: bool) -> Shown:
    query = request.query_params
    named = result.named(
        connection, livemode=livemode, before=query.get("before"), after=query.get("after")
    )
    offset = query.get("offset", "0")
    begin = min(int(offset) if offset.isdecimal() else 0, len(named))
    some = named[begin : begin + PAGE]
    names = names_of(connection, (each.subject for each in some))
    return Shown(moved=some, names=names, begin=begin, total=len(named))


routes = [
    Route("/settings/rehearsal", show),
    Route("/settings/apply", apply, methods=["POST"]),
]
