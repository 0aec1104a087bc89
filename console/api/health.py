"""Health as JSON: whether the data can be trusted, why, and dead letters that are given back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from console.actions.health import REDRIVE, Redriven, letter_at, redrive_job
from console.actions.judge import Health, health
from console.api.jobs import Work, told
from console.api.parameters import Limit, Mode, Offset
from console.context import console_of, visitor_of
from console.queries.dead_letters import DeadLettersPage, dead_letters_page
from schemas.errors import BrokerError, DeadLetterReason, SettingsError
from streams.worker.letters import Chosen, Place

router = APIRouter(tags=["health"])
PLACE = r"^\d{1,9}:\d{1,18}$"


class LetterWhole(BaseModel):
    """One dead letter with all of its headers and its body as text."""

    place: str
    key: str
    reason: str
    state: str
    buried_at: int
    headers: dict[str, str]
    body: str


class Redrive(BaseModel):
    """One letter by the place of its record, or all open ones of a reason."""

    model_config = ConfigDict(extra="forbid")

    place: str | None = Field(default=None, pattern=PLACE)
    reason: DeadLetterReason | None = None
    why: str = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _names_one_thing(self) -> Redrive:
        if (self.place is None) == (self.reason is None):
            raise ValueError("name a place or a reason, and not both")
        return self


@router.get("/health")
def get_health(request: Request, mode: Mode = "live") -> Health:
    """Whether the data can be trusted, and everything that rests on."""
    return health(console_of(request), livemode=mode == "live")


@router.get("/health/letters")
def get_letters(
    request: Request,
    *,
    state: Literal["open", "redriving", "redriven", "discarded", "all"] = "open",
    reason: DeadLetterReason | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> DeadLettersPage:
    """Dead letters, the newest first."""
    with console_of(request).read_model.connect() as connection:
        return dead_letters_page(
            connection,
            state=None if state == "all" else state,
            reason=reason.value if reason else None,
            limit=limit,
            offset=offset,
        )


@router.get(
    "/health/letters/{place}",
    responses={
        404: {"description": "There is no such letter."},
        503: {"description": "Kafka cannot be used."},
    },
)
async def get_letter(request: Request, place: Annotated[str, Path(pattern=PLACE)]) -> LetterWhole:
    """One dead letter with its whole body."""
    try:
        found = await letter_at(console_of(request), place)
    except SettingsError as error:
        raise HTTPException(404, str(error)) from error
    except BrokerError as error:
        raise HTTPException(503, str(error)) from error
    letter = found.letter
    return LetterWhole(
        place=str(letter.place),
        key=letter.key,
        reason=letter.reason,
        state=letter.state,
        buried_at=letter.buried_at_ms // 1000,
        headers=letter.words,
        body=found.body,
    )


@router.post(
    "/health/redrive",
    status_code=202,
    responses={409: {"description": "Others are given back at this moment."}},
)
def post_redrive(request: Request, wanted: Redrive) -> Work[Redriven]:
    """Give open dead letters back to the log, each once; they stay."""
    if wanted.place:
        chosen = Chosen(places=frozenset({Place.parse(wanted.place)}))
    else:
        chosen = Chosen(reasons=frozenset({wanted.reason.value} if wanted.reason else ()))
    try:
        job = redrive_job(console_of(request), visitor_of(request), chosen, wanted.why)
    except SettingsError as error:
        raise HTTPException(409, str(error)) from error
    return told(job, job.result)


@router.get("/health/redrive", responses={404: {"description": "Nothing was given back."}})
def get_redrive(request: Request) -> Work[Redriven]:
    """How far the latest redrive is."""
    job = console_of(request).jobs.latest(REDRIVE)
    if job is None:
        raise HTTPException(404, "nothing was given back since the console began")
    return told(job, job.result)
