"""Revenue, cohorts, funnel and movements as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request

from console.api.parameters import Currency, Limit, Mode
from console.context import console_of
from console.queries.movements import MovementsPage, movements_page
from console.queries.periods import BadPeriodError, Span, Step
from console.queries.revenue_page import (
    Asked,
    CohortsPage,
    FunnelPage,
    RevenuePage,
    cohorts_page,
    funnel_page,
    revenue_page,
)
from schemas.updates import Movement

router = APIRouter(tags=["revenue"])
Day = Annotated[str, Query(max_length=10, description="ISO 8601; of a custom period.")]


def asked_of(
    currency: Currency = "",
    period: Span = "12m",
    step: Step | Literal[""] = "",
    first: Day = "",
    last: Day = "",
) -> Asked:
    """What the address asks for."""
    return Asked(currency=currency, span=period, step=step, first=first, last=last)


Wanted = Annotated[Asked, Depends(asked_of)]


@router.get("/revenue")
def get_revenue(request: Request, asked: Wanted, mode: Mode = "live") -> RevenuePage:
    """MRR of one currency over a period and what moved it; by plan and stage today."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        try:
            return revenue_page(connection, asked, livemode=mode == "live", now=console.clock())
        except BadPeriodError as error:
            raise HTTPException(422, str(error)) from error


@router.get("/cohorts")
def get_cohorts(request: Request, currency: Currency = "", mode: Mode = "live") -> CohortsPage:
    """Accounts by the month of their first movement and what is left of them; retention."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        return cohorts_page(
            connection, livemode=mode == "live", currency=currency, now=console.clock()
        )


@router.get("/funnel")
def get_funnel(request: Request, asked: Wanted, mode: Mode = "live") -> FunnelPage:
    """Who came into each stage within a period, and who went on."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        try:
            return funnel_page(connection, asked, livemode=mode == "live", now=console.clock())
        except BadPeriodError as error:
            raise HTTPException(422, str(error)) from error


@router.get("/movements")
def get_movements(
    request: Request,
    asked: Wanted,
    *,
    mode: Mode = "live",
    movement: Movement | Literal[""] = "",
    cursor: Annotated[str, Query(pattern=r"^(\d{1,12}-[0-9a-f]{1,64})?$")] = "",
    limit: Limit = 50,
) -> MovementsPage:
    """Movements of MRR one by one, newest first."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        try:
            return movements_page(
                connection,
                asked,
                livemode=mode == "live",
                now=console.clock(),
                movement=movement,
                cursor=cursor,
                limit=limit,
            )
        except BadPeriodError as error:
            raise HTTPException(422, str(error)) from error
