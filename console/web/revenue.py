"""The page Revenue: MRR and what moved it, shares, retention, cohorts, the funnel; movements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.queries.movements import movements_page
from console.queries.periods import BadPeriodError
from console.queries.revenue import MOVEMENTS, Revenue, Share
from console.queries.revenue_page import Asked, cohorts_page, funnel_page, revenue_page
from console.web import revenue_charts as charts
from console.web.shell import console_of, mode_of, render
from schemas.updates import Movement

SPANS = {
    "30d": "last 30 days",
    "90d": "last 90 days",
    "12m": "last 12 months",
    "all": "all",
    "custom": "between two days",
}
STEPS = {"": "as suits", "day": "day", "week": "week", "month": "month"}
MOVEMENT_WORDS = {
    "new": "New",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
    "reactivation": "Reactivation",
    "opening": "Opening",
    "currency_change": "Change of currency",
}


def revenue(request: Request) -> Response:
    """Show revenue of one currency; what is no period is said, and the default shown."""
    asked, fault = asked_of(request), ""
    console, livemode, now = console_of(request), mode_of(request), console_of(request).clock()
    with console.read_model.connect() as connection:
        try:
            page = revenue_page(connection, asked, livemode=livemode, now=now)
        except BadPeriodError as error:
            fault, asked = str(error), Asked(currency=asked.currency)
            page = revenue_page(connection, asked, livemode=livemode, now=now)
        funnel = funnel_page(connection, asked, livemode=livemode, now=now)
        kept = cohorts_page(connection, livemode=livemode, currency=asked.currency, now=now)
    found = page.revenue
    return render(
        request,
        "revenue/page.html",
        asked=asked,
        fault=fault,
        page=page,
        found=found,
        funnel=funnel,
        kept=kept,
        spans=SPANS,
        steps=STEPS,
        words=MOVEMENT_WORDS,
        told=_told(found) if found else (),
        charts=_charts(found, page.by_stage, page.by_plan) if found else {},
        cohort_chart=charts.heat_map(kept.cohorts),
        funnel_chart=charts.funnel(funnel.stages),
    )


def movements(request: Request) -> Response:
    """Show the movements of a period one by one."""
    asked = asked_of(request)
    kind, cursor = request.query_params.get("movement", ""), request.query_params.get("cursor", "")
    console = console_of(request)
    with console.read_model.connect() as connection:
        try:
            found = movements_page(
                connection,
                asked,
                livemode=mode_of(request),
                now=console.clock(),
                movement=kind if kind in get_args(Movement) else "",
                cursor=cursor,
            )
        except ValueError as error:  # a period that is none is one, too
            raise HTTPException(404, f"There is no such part of the list: {error}") from error
    return render(
        request,
        "revenue/movements.html",
        found=found,
        asked=asked,
        kind=kind,
        words=MOVEMENT_WORDS,
    )


def asked_of(request: Request) -> Asked:
    """What the address asks for; nobody has looked yet whether it can be."""
    given = request.query_params
    first, last = given.get("first", ""), given.get("last", "")
    span = given.get("period") or ("custom" if first else "12m")
    return Asked(
        currency=given.get("currency", ""),
        span=span,
        step=given.get("step", ""),
        first=first,
        last=last,
    )


def _told(found: Revenue) -> Sequence[str]:
    """The movements that are shown: those that are always, and of the others what there is."""
    return [
        each
        for each in MOVEMENTS
        if each not in {"opening", "currency_change"} or found.moved[each].exact != "0"
    ]


def _charts(found: Revenue, by_stage: Sequence[Share], by_plan: Sequence[Share]) -> dict[str, Any]:
    return {
        "mrr": charts.mrr_line(found),
        "movements": charts.movement_bars(found, MOVEMENT_WORDS),
        "stages": charts.share_bars(by_stage, found.currency, "no stage"),
        "plans": charts.share_bars(by_plan, found.currency, "no plan"),
    }


routes = [
    Route("/revenue", revenue),
    Route("/revenue/movements", movements),
]
