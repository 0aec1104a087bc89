"""Automations as JSON: rules, their moments, what is armed, and trying rules out on history."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from console.actions.tryout import CUSTOMERS_MAX, DAYS_MAX, TEXT_MAX, TRYOUT, rules_of, try_out
from console.api.parameters import Limit, Mode, Offset
from console.context import console_of, visitor_of
from console.jobs import Job
from console.queries.automation import Moments, Timer, moments_of, timers
from console.queries.automations import Rules, rules
from console.queries.in_force import settings_in_force
from console.queries.tried import Tried
from schemas.errors import SettingsError

router = APIRouter(tags=["automations"])
Name = Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$", description="Name of the rule.")]


class Tryout(BaseModel):
    """Which rules to try out; without `rules`, those in force."""

    model_config = ConfigDict(extra="forbid")

    rules: str = Field(default="", max_length=TEXT_MAX, description="TOML, [[automations]].")
    mode: Literal["live", "test"] = "live"
    days: int = Field(default=30, ge=1, le=DAYS_MAX)
    customers: int = Field(default=500, ge=1, le=CUSTOMERS_MAX)


class TryoutState(BaseModel):
    """How far it is; `result` when it came to its end, `error` when it did not."""

    is_running: bool
    by: str
    started_at: int
    finished_at: int | None
    percent: int | None
    error: str | None
    result: Tried | None


@router.get("/automations")
def get_automations(request: Request, mode: Mode = "live") -> Rules:
    """Every rule: what it says, how often it fired, what is armed."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        return rules(connection, livemode=mode == "live", now=int(console.clock()))


@router.get("/automations/moments")
def get_moments(
    request: Request,
    automation: Name,
    *,
    mode: Mode = "live",
    cursor: Annotated[str, Query(pattern=r"^(\d{1,12}-[0-9a-f]{1,64})?$")] = "",
    limit: Limit = 50,
) -> Moments:
    """What became of a rule's moments, newest first."""
    with console_of(request).read_model.connect() as connection:
        return moments_of(
            connection, livemode=mode == "live", automation=automation, cursor=cursor, limit=limit
        )


@router.get("/automations/armed")
def get_armed(
    request: Request,
    *,
    automation: Name = "",
    mode: Mode = "live",
    limit: Limit = 50,
    offset: Offset = 0,
) -> tuple[Timer, ...]:
    """What is armed, of one rule or of all, what comes next first."""
    with console_of(request).read_model.connect() as connection:
        return timers(
            connection, livemode=mode == "live", automation=automation, limit=limit, offset=offset
        )


@router.get("/automations/tryout", responses={404: {"description": "Nothing was tried out."}})
def get_tryout(request: Request) -> TryoutState:
    """How far the latest try is, or what came out of it."""
    job = console_of(request).jobs.latest(TRYOUT)
    if job is None:
        raise HTTPException(404, "nothing was tried out since the console began")
    return _state(job)


@router.post("/automations/tryout", status_code=202)
def post_tryout(request: Request, wanted: Tryout) -> TryoutState:
    """Begin to try rules out on the log's history, or give what is under way."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        content = settings_in_force(connection).content
    try:
        automations = rules_of(wanted.rules, content) if wanted.rules else content.automations
    except SettingsError as error:
        raise HTTPException(422, str(error)) from error
    job = try_out(
        console,
        visitor_of(request),
        automations,
        livemode=wanted.mode == "live",
        days=wanted.days,
        customers=wanted.customers,
    )
    return _state(job)


def _state(job: Job) -> TryoutState:
    return TryoutState(
        is_running=job.is_running,
        by=job.by,
        started_at=job.started_at,
        finished_at=job.finished_at,
        percent=job.percent,
        error=job.error,
        result=job.result,
    )
