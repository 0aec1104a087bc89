"""The page Health: whether the data can be trusted, and why; and what waits for somebody."""

from __future__ import annotations

import asyncio
import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.health import REDRIVE, letter_at, redrive_job
from console.actions.judge import health
from console.queries.dead_letters import dead_letters_page, failed_again, open_by_reason
from console.queries.names import names_of
from console.web.shell import console_of, form_of, here, mode_of, redirect, render, visitor_of
from schemas.errors import BrokerError, DeadLetterReason, SettingsError, SubfoldError
from streams.worker.letters import Chosen, Place

PAGE = 50
STATE_WORDS = {
    "open": "open",
    "redriving": "being given back",
    "redriven": "given back",
    "discarded": "put aside",
}
PLACE = re.compile(r"\d{1,9}:\d{1,18}")
WHY_MAX = 1_000
REASONS = frozenset(each.value for each in DeadLetterReason)


def show(request: Request) -> Response:
    """All of it; looked at anew when asked."""
    console, livemode = console_of(request), mode_of(request)
    if "anew" in request.query_params:
        health(console, livemode=livemode, anew=True)
        return redirect(request, here(request, anew=None))
    return _page(request)


def letter(request: Request) -> Response:
    """One dead letter: why it is dead, what was done about it, and its whole body."""
    place = request.path_params["place"]
    if not PLACE.fullmatch(place):
        raise HTTPException(404, "There is no such dead letter.")
    try:
        found = asyncio.run(letter_at(console_of(request), place))
    except SettingsError as error:
        raise HTTPException(404, "There is no such dead letter.") from error
    except BrokerError as error:
        raise HTTPException(503, f"The body is in Kafka, which cannot be asked: {error}") from error
    key = found.letter.key
    with console_of(request).read_model.connect() as connection:
        name = names_of(connection, [key]).get(key)
    return render(
        request,
        "health/letter.html",
        place=place,
        found=found,
        name=name,
        state_words=STATE_WORDS,
    )


def give_back(request: Request) -> Response:
    """Redrive one letter, or all open ones of a reason."""
    form = form_of(request)
    place, reason = str(form.get("place", "")), str(form.get("reason", ""))
    why = str(form.get("why", "")).strip()
    if not why or len(why) > WHY_MAX:
        return _page(request, 422, fault="Say why: it is kept with the letter for ever.")
    if PLACE.fullmatch(place):
        chosen = Chosen(places=frozenset({Place.parse(place)}))
    elif reason in REASONS:
        chosen = Chosen(reasons=frozenset({reason}))
    else:
        return _page(request, 422, fault="Name one dead letter, or a reason.")
    try:
        redrive_job(console_of(request), visitor_of(request), chosen, why)
    except SubfoldError as error:
        return _page(request, 409, fault=str(error))
    return redirect(request, "/health#letters", said="Dead letters are given back to the log.")


def _page(request: Request, status: int = 200, *, fault: str | None = None) -> Response:
    console, query = console_of(request), request.query_params
    state, reason = query.get("state", "open"), query.get("reason") or None
    given = query.get("offset", "0")
    offset = min(int(given), 10_000) if given.isdecimal() and given.isascii() else 0
    redriving = console.jobs.latest(REDRIVE)
    with console.read_model.connect() as connection:
        given_back = redriving.result.written if redriving and redriving.result else ()
        again = failed_again(connection, given_back)
        letters = dead_letters_page(
            connection,
            state=None if state == "all" else state,
            reason=reason,
            limit=PAGE,
            offset=offset,
        )
        reasons = open_by_reason(connection)
        names = names_of(connection, (each.subject for each in letters.letters))
    return render(
        request,
        "health/health.html",
        status,
        found=health(console, livemode=mode_of(request)),
        letters=letters,
        reasons=reasons,
        names=names,
        state_words=STATE_WORDS,
        state=state,
        reason=reason,
        offset=offset,
        page=PAGE,
        redriving=redriving,
        failed_again=again,
        fault=fault,
    )


routes = [
    Route("/health", show),
    Route("/health/letters/{place}", letter),
    Route("/health/redrive", give_back, methods=["POST"]),
]
