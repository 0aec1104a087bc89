"""Renewals as JSON: the calendar, the list, and what is at risk."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from console.api.parameters import Currency, Limit, Mode, Offset
from console.context import console_of
from console.queries.periods import DAY_S, month_number, month_of
from console.queries.renewal_list import (
    Renewal,
    RenewalsPage,
    Risk,
    at_risk,
    renewals_at_risk,
    renewals_page,
)
from console.queries.renewals import Month, month_of_renewals

router = APIRouter(tags=["renewals"])
DAYS = 30
RiskWord = Literal["past_due", "cancel_scheduled", "failing", "card_expiring", "not_collected"]


@router.get("/renewals")
def get_renewals(
    request: Request,
    *,
    mode: Mode = "live",
    first: Annotated[date | None, Query(description="The first day (UTC); today without.")] = None,
    last: Annotated[date | None, Query(description="The last day; 30 in all without.")] = None,
    currency: Currency = "",
    sort: Literal["date", "-date", "amount", "-amount"] = "date",
    limit: Limit = 50,
    offset: Offset = 0,
) -> RenewalsPage:
    """What renews from one day to another, and for how much."""
    console = console_of(request)
    begin = _begin(first) if first else int(console.clock()) // DAY_S * DAY_S
    end = _begin(last) + DAY_S if last else begin + DAYS * DAY_S
    with console.read_model.connect() as connection:
        return renewals_page(
            connection,
            livemode=mode == "live",
            begin=begin,
            end=end,
            currency=currency,
            sort=sort,
            limit=limit,
            offset=offset,
        )


@router.get("/renewals/calendar")
def get_calendar(
    request: Request,
    *,
    mode: Mode = "live",
    month: Annotated[
        str, Query(pattern=r"^((19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2]))?$", description="2026-11")
    ] = "",
) -> Month:
    """How many subscriptions renew on each day of a month (the present one), and for how much."""
    console = console_of(request)
    number = month_number(month) if month else month_of(console.clock())
    with console.read_model.connect() as connection:
        return month_of_renewals(connection, livemode=mode == "live", month=number)


@router.get("/renewals/risks")
def get_risks(request: Request, mode: Mode = "live") -> tuple[Risk, ...]:
    """How many subscriptions are at risk by what, and their MRR."""
    with console_of(request).read_model.connect() as connection:
        return at_risk(connection, livemode=mode == "live")


@router.get("/renewals/at-risk")
def get_at_risk(
    request: Request,
    *,
    mode: Mode = "live",
    risk: RiskWord | Literal[""] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> tuple[Renewal, ...]:
    """Subscriptions that something endangers, those first whose date comes first."""
    with console_of(request).read_model.connect() as connection:
        return renewals_at_risk(
            connection, livemode=mode == "live", risk=risk, limit=limit, offset=offset
        )


def _begin(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
