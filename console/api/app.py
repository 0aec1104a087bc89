"""The API: FastAPI for its OpenAPI document alone; all that is asked is in `console.queries`."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from console.api import accounts, automations, connect, health, people, renewals, revenue, settings

ROUTERS: tuple[APIRouter, ...] = (
    accounts.router,
    automations.router,
    connect.router,
    health.router,
    people.router,
    renewals.router,
    revenue.router,
    settings.router,
)
"""The router of each page's module."""

DESCRIPTION = """\
Everything that the pages show. Send `Authorization: Bearer …` with a token that
`subfold console token add` made: scope `read` for GET, `write` for the rest. Errors are
`{"detail": …}`. Amounts are minor units of their currency, times Unix seconds.
"""


class Fault(BaseModel):
    """What is wrong with one part of what was asked."""

    type: str
    loc: list[str | int]
    msg: str


class Refused(BaseModel):
    """Why nothing came of it."""

    detail: str | list[Fault]


def make_api() -> FastAPI:
    """Put the routers together. The guard has let in whoever gets here."""
    api = FastAPI(
        title="subfold console",
        version=version("subfold"),
        description=DESCRIPTION,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # It would lead to http where a proxy speaks https, and the token would go there.
        redirect_slashes=False,
        servers=[{"url": "/api/v1"}],
        responses={"4XX": {"model": Refused, "description": "Refused, and why"}},
    )
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(DBAPIError, _away)
    api.add_exception_handler(Exception, _broken)
    for router in ROUTERS:
        api.include_router(router)
    return api


def _invalid(request: Request, error: Exception) -> Response:
    """Say what is wrong and where, never what was given: it may be a secret."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    told = [{name: fault[name] for name in ("type", "loc", "msg")} for fault in error.errors()]
    return JSONResponse({"detail": told}, 422)


def _broken(_request: Request, _error: Exception) -> Response:
    """Our own fault; it is raised again behind this, so that the log has it whole."""
    return JSONResponse({"detail": "the console broke off: its log has more"}, 500)


def _away(_request: Request, _error: Exception) -> Response:
    detail = "the database behind the pages is being made anew, or does not answer: ask again"
    return JSONResponse({"detail": detail}, 503, {"retry-after": "5"})
