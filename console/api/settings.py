"""Settings as JSON: versions, figures to choose by, rehearsal, and applying what was rehearsed."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from console.actions.settings import (
    REHEARSAL,
    apply_rehearsed,
    coverage_job,
    presets_job,
    rehearse,
)
from console.api.jobs import Work, told
from console.api.parameters import Limit, Mode, Offset
from console.context import console_of, visitor_of
from console.jobs import Job
from console.queries.coverage import Coverage
from console.queries.presets import Presets
from console.queries.rehearsal import Moved, Result, Sum
from console.queries.settings import Version, in_force, version_of, versions
from schemas.errors import BrokerError, SettingsError
from schemas.settings import Announce, BusinessSettings
from streams.log.settings_log import OthersAppliedError

router = APIRouter(tags=["settings"])
Responses = dict[int | str, dict[str, Any]]
VERSION_MAX = 2**31 - 1
CONFLICT: Responses = {
    409: {"description": "Other settings are rehearsed, or were applied meanwhile."}
}
AWAY: Responses = {503: {"description": "Kafka cannot be used."}}


class Rehearsed(BaseModel):
    """What a rehearsal found in one mode; `hash` is what `apply` asks for."""

    hash: str
    base_version: int
    as_of: int
    sum: Sum


class Apply(BaseModel):
    """What was rehearsed and looked at is to be applied."""

    model_config = ConfigDict(extra="forbid")

    hash: str = Field(max_length=64)
    reason: str = Field(min_length=1, max_length=1000)
    announce: Announce = "from_now_on"


class Applied(BaseModel):
    """Which version is in force now; `outcome` as `subfold settings apply` tells it."""

    version: int
    hash: str
    outcome: str


@router.get("/settings")
def get_settings(request: Request) -> Version:
    """What is in force."""
    with console_of(request).read_model.connect() as connection:
        return in_force(connection)


@router.get("/settings/versions")
def get_versions(
    request: Request,
    below: Annotated[int | None, Query(ge=1, le=VERSION_MAX)] = None,
    limit: Limit = 50,
) -> list[Version]:
    """Every version that ever was, the newest first; `below` one for the next part of them."""
    with console_of(request).read_model.connect() as connection:
        return versions(connection, below=below, limit=limit)


@router.get("/settings/versions/{number}", responses={404: {"description": "No such version."}})
def get_version(request: Request, number: Annotated[int, Path(ge=0, le=VERSION_MAX)]) -> Version:
    """One version."""
    with console_of(request).read_model.connect() as connection:
        found = version_of(connection, number)
    if found is None:
        raise HTTPException(404, "there is no such version")
    return found


@router.get("/settings/coverage")
def get_coverage(request: Request, mode: Mode = "live") -> Work[Coverage]:
    """How many customers have each metadata key; counted beside, so ask again until it is there."""
    job = coverage_job(console_of(request), livemode=mode == "live")
    return told(job, job.result)


@router.get("/settings/presets")
def get_presets(request: Request, mode: Mode = "live") -> Work[Presets]:
    """What each MRR preset makes of all customers; counted beside, so ask again."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        content = in_force(connection).content
    job = presets_job(console, content, livemode=mode == "live")
    return told(job, job.result)


@router.post("/settings/rehearsal", status_code=202, responses=CONFLICT)
def post_rehearsal(request: Request, content: BusinessSettings) -> Work[Rehearsed]:
    """Begin to rehearse settings on every customer; nothing is changed."""
    try:
        job = rehearse(console_of(request), visitor_of(request), content)
    except SettingsError as error:
        raise HTTPException(409, str(error)) from error
    return _rehearsal(job, livemode=True)


@router.get("/settings/rehearsal", responses={404: {"description": "Nothing was rehearsed."}})
def get_rehearsal(request: Request, mode: Mode = "live") -> Work[Rehearsed]:
    """How far the latest rehearsal is, or what it found."""
    return _rehearsal(_latest(request), livemode=mode == "live")


@router.get(
    "/settings/rehearsal/customers", responses={404: {"description": "Nothing was rehearsed."}}
)
def get_rehearsed_customers(
    request: Request, mode: Mode = "live", limit: Limit = 50, offset: Offset = 0
) -> list[Moved]:
    """The customers that would change: the largest change of MRR first, then by name."""
    result: Result | None = _latest(request).result
    if result is None:
        raise HTTPException(404, "the rehearsal has not come to its end")
    with console_of(request).read_model.connect() as connection:
        return result.named(connection, livemode=mode == "live")[offset : offset + limit]


@router.post("/settings/apply", responses={**CONFLICT, **AWAY})
def post_apply(request: Request, wanted: Apply) -> Applied:
    """Apply exactly what was rehearsed last."""
    try:
        # In a thread: what it asks of the databases would hold up everybody else.
        done = asyncio.run(
            apply_rehearsed(
                console_of(request),
                visitor_of(request),
                hash_=wanted.hash,
                reason=wanted.reason,
                announce=wanted.announce,
            )
        )
    except (SettingsError, OthersAppliedError) as error:
        raise HTTPException(409, str(error)) from error
    except BrokerError as error:
        raise HTTPException(503, str(error)) from error
    record = done.record
    return Applied(version=record.version, hash=record.hash, outcome=done.outcome)


def _latest(request: Request) -> Job:
    job = console_of(request).jobs.latest(REHEARSAL)
    if job is None:
        raise HTTPException(404, "nothing was rehearsed since the console began")
    return job


def _rehearsal(job: Job, *, livemode: bool) -> Work[Rehearsed]:
    found: Result | None = job.result
    shown = (
        None
        if found is None
        else Rehearsed(
            hash=found.hash,
            base_version=found.base_version,
            as_of=found.finished_at,
            sum=found.sum(livemode=livemode),
        )
    )
    return told(job, shown)
