"""Sources as JSON: how each stands; connecting, back-filling, disconnecting; never a secret."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from console.actions import connect as connecting
from console.actions import sources
from console.actions.connect import Connected, LackingError, cards
from console.api.jobs import Work, told
from console.context import console_of, visitor_of
from console.queries.connect import SourceCard
from schemas.errors import BrokerError, SettingsError, SubfoldError
from streams.source.way_back import Heard

router = APIRouter(tags=["connect"])
SourceId = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")]
REFUSED: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such source."},
    409: {"description": "The key, Stripe or the settings do not allow it; `detail` says why."},
    503: {"description": "Kafka cannot be used."},
}


class Connect(BaseModel):
    """What is pasted; nothing of it is ever given out. Without `url` the key alone is stored."""

    model_config = ConfigDict(extra="forbid")

    api_key: SecretStr | None = Field(default=None, max_length=500)
    signing_secret: SecretStr | None = Field(default=None, max_length=500)
    url: str = Field(default="", max_length=2000, pattern=r"^(https?://.*)?$")


class Disconnect(BaseModel):
    """Whether the endpoints are deleted, and not only disabled."""

    model_config = ConfigDict(extra="forbid")

    deletes: bool = False


@router.get("/sources", responses={409: REFUSED[409]})
def get_sources(request: Request) -> list[SourceCard]:
    """How each source stands."""
    try:
        return cards(console_of(request))
    except SettingsError as error:
        raise HTTPException(409, str(error)) from error


@router.post("/sources/{source}/connect", responses=REFUSED)
def post_connect(request: Request, source: SourceId, wanted: Connect) -> Connected:
    """Check what is pasted, store it sealed, make or adopt the endpoint."""
    console, visitor = _known(request, source), visitor_of(request)
    asked = connecting.Request(source=source, **dict(wanted))
    try:
        done = asyncio.run(connecting.connect(console, visitor, asked))
    except LackingError as error:
        raise HTTPException(409, f"{error}; {error.form}") from error
    except SubfoldError as error:
        raise _refused(error) from error
    if wanted.url:
        sources.hear(console, visitor, source)
    return done


@router.get("/sources/{source}/way-back", responses=REFUSED)
def get_way_back(request: Request, source: SourceId) -> Work[Heard]:
    """Whether an event came back since the source was connected."""
    job = _known(request, source).jobs.latest(sources.hearing_of(source))
    if job is None:
        raise HTTPException(404, "nothing was waited for since the console began")
    return told(job, job.result)


@router.post("/sources/{source}/backfill", status_code=202, responses=REFUSED)
def post_backfill(request: Request, source: SourceId) -> Work[None]:
    """Begin the back-fill, or go on with it."""
    console = _known(request, source)
    try:
        return told(sources.fill(console, visitor_of(request), source), None)
    except SubfoldError as error:
        raise _refused(error) from error


@router.post("/sources/{source}/disconnect", responses=REFUSED)
def post_disconnect(request: Request, source: SourceId, wanted: Disconnect) -> dict[str, str]:
    """Take the endpoints away and forget the secrets; gives what became of each endpoint."""
    console, visitor = _known(request, source), visitor_of(request)
    try:
        return asyncio.run(sources.disconnect(console, visitor, source, deletes=wanted.deletes))
    except SubfoldError as error:
        raise _refused(error) from error


def _known(request: Request, source: str) -> Any:
    console = console_of(request)
    if source not in console.config.deployment.sources:
        raise HTTPException(404, "there is no such source in the settings file")
    return console


def _refused(error: SubfoldError) -> HTTPException:
    return HTTPException(503 if isinstance(error, BrokerError) else 409, str(error))
