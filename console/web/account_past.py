"""Pages of one account that are worked out from the log, which takes longer than the read model."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.past import Past, past
from console.queries.account import account
from console.queries.accounts import AccountLine
from console.queries.why_stage import why_stage
from console.web import filters
from console.web.account import BASE, show, subject_of
from console.web.shell import console_of
from schemas.customer_row import CustomerRow
from schemas.differing import differing
from schemas.errors import SubfoldError
from schemas.times import YEAR_10000

TIME_OF_A_ROW = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NOT_COMPARED = frozenset({"as_of", "settings_version", "fold_version"})


def stage_reasons(request: Request) -> Response:
    """What every stage rule says of every subscription, by the facts as they are in the log."""
    line, row = _account(request)
    found, trouble = _past(request, int(console_of(request).clock()))
    reasons = why_stage(found.row.facts, found.settings.content) if found else None
    return show(
        request,
        "why_stage.html",
        line,
        row=row,
        past=found,
        why=reasons,
        trouble=trouble,
    )


def as_of_past(request: Request) -> Response:
    """What was known at a time of the past, and what is different now."""
    line, row = _account(request)
    asked = request.query_params.get("at", "")
    moment = moment_of(asked)
    found, trouble = _past(request, moment) if moment is not None else (None, "")
    if asked and moment is None:
        trouble = f"{asked!r} is no time: write 2026-06-01 or 2026-06-01T10:00, in UTC"
    then = found.for_readers if found else None
    return show(
        request,
        "past.html",
        line,
        asked=asked,
        moment=moment,
        past=found,
        then=then,
        whole=then.model_dump_json(indent=2) if then else "",
        row=row,
        differences=_differences(then, row) if then else [],
        trouble=trouble,
    )


def moment_of(text: str) -> int | None:
    """Unix seconds of ISO 8601, UTC unless it says otherwise; None for what is no time."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return at if 0 <= at < YEAR_10000 else None


def _account(request: Request) -> tuple[AccountLine, CustomerRow]:
    with console_of(request).read_model.connect() as connection:
        found = account(connection, subject_of(request))
    if found is None:
        raise HTTPException(404, "No customer of this id is known here.")
    return found.line, found.row


def _past(request: Request, at: int) -> tuple[Past | None, str]:
    """What was known, or why that cannot be said."""
    console = console_of(request)
    try:
        with console.read_model.connect() as connection:
            kafka = console.config.deployment.kafka
            return past(connection, kafka, subject_of(request), at=at), ""
    except SubfoldError as error:
        return None, str(error)


def _differences(then: CustomerRow, now: CustomerRow) -> list[tuple[str, str, str]]:
    """Where the two rows differ: the path, then, now."""
    before, after = (row.model_dump(mode="json", exclude=set(NOT_COMPARED)) for row in (then, now))
    return [(path, _told(here), _told(there)) for path, here, there in differing(before, after)]


def _told(value: object) -> str:
    """A value for people: times as everywhere, text as it is, the rest as JSON."""
    if value is None:
        return filters.NOTHING
    if not isinstance(value, str):
        return orjson.dumps(value).decode()
    return filters.moment(value) if TIME_OF_A_ROW.fullmatch(value) else value


routes = [
    Route(f"{BASE}/why/stage", stage_reasons),
    Route(f"{BASE}/past", as_of_past),
]
