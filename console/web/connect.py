"""The page Connect: keys go in and never come out; how each source stands, and what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.access.visitor import Visitor
from console.actions import connect as connecting
from console.actions import sources
from console.actions.connect import LackingError, cards, has_master_key
from console.context import Console
from console.jobs import Job
from console.web.shell import console_of, form_of, redirect, render, visitor_of
from schemas.errors import SubfoldError
from streams.secret_store import MASTER_KEY, SecretStoreError
from streams.source.connect import door_url

KEY_MAX = 500


def show(request: Request) -> Response:
    """Every source."""
    return _page(request)


def connect(request: Request) -> Response:
    """Check what was pasted, store it, make or adopt the endpoint; then an event is waited for."""
    form, console, visitor = form_of(request), console_of(request), visitor_of(request)
    id_ = request.path_params["source"]
    url = door_url(str(form.get("url", "")).strip(), id_)
    asked = connecting.Request(
        source=id_,
        api_key=_secret(form.get("api_key")),
        signing_secret=_secret(form.get("signing_secret")),
        url=url,
    )
    if url and not url.startswith(("http://", "https://")):
        return _page(request, 422, source=id_, fault="The address begins with https://", url=url)
    try:
        done = asyncio.run(connecting.connect(console, visitor, asked))
        if url:
            sources.hear(console, visitor, id_)
    except LackingError as error:
        return _page(request, 422, source=id_, lacking=error, url=url)
    except SubfoldError as error:
        return _page(request, 422, source=id_, fault=str(error), url=url)
    mode = "live mode" if done.livemode else "test mode"
    whose = f"{done.name or 'an account'} ({done.account or 'its id may not be read'}), {mode}"
    said = f"The key is good and stored: {whose}."
    if done.history_missing:
        said += f" A back-fill leaves history out, for it lacks: {', '.join(done.history_missing)}."
    return redirect(request, "/connect", said=said)


def hear(request: Request) -> Response:
    """Wait once more for an event to come back."""
    return _begun(request, sources.hear, "An event is waited for.")


def fill(request: Request) -> Response:
    """Begin a back-fill, or go on with one."""
    return _begun(request, sources.fill, "The back-fill is under way.")


def disconnect(request: Request) -> Response:
    """Take the endpoints away and forget the secrets."""
    id_ = request.path_params["source"]
    deletes = form_of(request).get("deletes") == "yes"
    try:
        found = asyncio.run(
            sources.disconnect(console_of(request), visitor_of(request), id_, deletes=deletes)
        )
    except SubfoldError as error:
        return _page(request, 422, source=id_, fault=str(error))
    told = ", ".join(f"{endpoint}: {word}" for endpoint, word in found.items())
    said = f"Disconnected; {told or 'there was no endpoint'}. What the log has stays."
    return redirect(request, "/connect", said=said)


def _begun(request: Request, begin: Callable[[Console, Visitor, str], Job], said: str) -> Response:
    id_, name = request.path_params["source"], visitor_of(request).name
    try:
        job = begin(console_of(request), visitor_of(request), id_)
    except SubfoldError as error:
        return _page(request, 422, source=id_, fault=str(error))
    if job.by != name:
        said = f"{job.by} began it already. {said}"
    return redirect(request, "/connect", said=said)


def _page(
    request: Request,
    status: int = 200,
    *,
    source: str = "",
    fault: str | None = None,
    lacking: LackingError | None = None,
    url: str = "",
) -> Response:
    console = console_of(request)
    store_fault = None
    try:
        found = cards(console)
    except SecretStoreError as error:
        found, store_fault = [], str(error)
    if source and source not in console.config.deployment.sources:
        raise HTTPException(404, "There is no such source in the settings file.")
    ingest = console.config.deployment.ingest
    return render(
        request,
        "connect/connect.html",
        status,
        cards=found,
        store_fault=store_fault,
        has_master_key=has_master_key(console),
        master_key=MASTER_KEY,
        hearing={each.id: console.jobs.latest(sources.hearing_of(each.id)) for each in found},
        filling={each.id: console.jobs.latest(sources.filling_of(each.id)) for each in found},
        local_door=f"http://{ingest.host}:{ingest.port}",
        about=source,
        fault=fault,
        lacking=lacking,
        typed_url=url,
    )


def _secret(given: object) -> SecretStr | None:
    text = str(given or "").strip()[:KEY_MAX]
    return SecretStr(text) if text else None


routes = [
    Route("/connect", show),
    Route("/connect/{source}", connect, methods=["POST"]),
    Route("/connect/{source}/hear", hear, methods=["POST"]),
    Route("/connect/{source}/backfill", fill, methods=["POST"]),
    Route("/connect/{source}/disconnect", disconnect, methods=["POST"]),
]
