"""The page Renewals: the month's calendar, the list of what renews, what is at risk; CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.queries.periods import DAY_S, MONTHS, BadPeriodError, Period, month_of, period
from console.queries.renewal_list import (
    RISK_COLUMNS,
    SORTS,
    Renewal,
    all_renewals,
    all_renewals_at_risk,
    at_risk,
    renewals_at_risk,
    renewals_page,
)
from console.queries.renewals import month_of_renewals
from console.queries.revenue import currencies
from console.web.accounts import offset_of
from console.web.csv_text import Cell, csv_lines
from console.web.shell import console_of, mode_of, render
from schemas.currencies import decimals
from schemas.times import iso_or_none

PAGE = 50
WITHIN = {7: "7 days", 30: "30 days", 60: "60 days", 90: "90 days", 365: "a year"}
RISK_WORDS = {
    "past_due": "Past due",
    "cancel_scheduled": "Cancel scheduled",
    "failing": "Payment failing",
    "card_expiring": "Card expires before renewal",
    "not_collected": "Not collected",
}
RISK_NOTES = {
    "past_due": "status past due or unpaid",
    "cancel_scheduled": "ends instead of renewing",
    "failing": "the newest open invoice was tried in vain",
    "card_expiring": "the card that pays is no good by then",
    "not_collected": "collection is paused at the renewal",
}
MONTH = re.compile(r"(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])")
COLUMNS = (
    "subject",
    "customer",
    "name",
    "email",
    "stage",
    "subscription",
    "plan",
    "status",
    "renews_at",
    "ends_at",
    "currency",
    "amount_expected",
    "mrr",
    "failed_attempts",
    "retry_at",
    "card_expires_at",
    "risks",
)


def renewals(request: Request) -> Response:
    """Show the calendar, the list of a window, and the risks."""
    console, livemode = console_of(request), mode_of(request)
    now, given = int(console.clock()), request.query_params
    window, fault = _window(request, now)
    currency, sort, offset = given.get("currency", ""), _sort(request), offset_of(request)
    with console.read_model.connect() as connection:
        found = renewals_page(
            connection,
            livemode=livemode,
            begin=window.first_day * DAY_S,
            end=(window.last_day + 1) * DAY_S,
            currency=currency,
            sort=sort,
            limit=PAGE,
            offset=offset,
        )
        month = month_of_renewals(connection, livemode=livemode, month=_month(request, now))
        risks = at_risk(connection, livemode=livemode)
        known = currencies(connection, livemode=livemode)
    return render(
        request,
        "renewals/page.html",
        found=found,
        month=month,
        risks=risks,
        risk_words=RISK_WORDS,
        risk_notes=RISK_NOTES,
        currencies=known,
        currency=currency,
        window=window,
        within=WITHIN,
        days=given.get("days", ""),
        fault=fault,
        sort=sort,
        offset=offset,
        limit=PAGE,
        query=request.url.query,
        today=now // DAY_S,
    )


def risk(request: Request) -> Response:
    """Show the subscriptions that something endangers."""
    word, offset = _risk_word(request), offset_of(request)
    with console_of(request).read_model.connect() as connection:
        livemode = mode_of(request)
        found = renewals_at_risk(
            connection, livemode=livemode, risk=word, limit=PAGE, offset=offset
        )
        risks = at_risk(connection, livemode=livemode)
    return render(
        request,
        "renewals/at_risk.html",
        found=found,
        risks=risks,
        risk=word,
        risk_words=RISK_WORDS,
        risk_notes=RISK_NOTES,
        offset=offset,
        limit=PAGE,
    )


def renewals_csv(request: Request) -> Response:
    """Give all renewals of a window, or with `risk` those at risk, while they are read."""
    headers = {"content-disposition": 'attachment; filename="renewals.csv"'}
    lines = csv_lines(COLUMNS, map(_cells, _all(request)))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _all(request: Request) -> Iterator[Renewal]:
    console, livemode = console_of(request), mode_of(request)
    window, _ = _window(request, int(console.clock()))
    with console.read_model.connect() as connection:
        if "risk" in request.query_params:
            risk = _risk_word(request)
            yield from all_renewals_at_risk(connection, livemode=livemode, risk=risk)
            return
        yield from all_renewals(
            connection,
            livemode=livemode,
            begin=window.first_day * DAY_S,
            end=(window.last_day + 1) * DAY_S,
            currency=request.query_params.get("currency", ""),
            sort=_sort(request),
        )


def _window(request: Request, now: int) -> tuple[Period, str]:
    """The days asked for; what is no window is said, and the next 30 days are taken."""
    given = request.query_params
    today = now // DAY_S
    days = given.get("days", "")
    if given.get("first") and not days:
        try:
            asked = period(
                "custom",
                now=now,
                earliest_day=None,
                first=given["first"],
                last=given.get("last") or given["first"],
            )
        except BadPeriodError as error:
            return _next_days(today, 30), str(error)
        return asked, ""
    is_known = days.isdecimal() and int(days) in WITHIN
    return _next_days(today, int(days) if is_known else 30), ""


def _next_days(today: int, days: int) -> Period:
    return Period(span="custom", step="day", first_day=today, last_day=today + days - 1)


def _month(request: Request, now: int) -> int:
    asked = request.query_params.get("month", "")
    if not MONTH.fullmatch(asked):
        return month_of(now)
    return int(asked[:4]) * MONTHS + int(asked[5:]) - 1


def _sort(request: Request) -> str:
    asked = request.query_params.get("sort", "date")
    return asked if asked in SORTS else "date"


def _risk_word(request: Request) -> str:
    asked = request.query_params.get("risk", "")
    return asked if asked in RISK_COLUMNS else ""


def _cells(line: Renewal) -> list[Cell]:
    told: dict[str, Any] = {
        "renews_at": iso_or_none(line.renews_at),
        "ends_at": iso_or_none(line.ends_at),
        "amount_expected": _amount(line.amount_minor, line.currency),
        "mrr": _amount(line.mrr_minor, line.currency),
        "failed_attempts": line.attempts,
        "retry_at": iso_or_none(line.retry_at),
        "card_expires_at": iso_or_none(line.card_expires_at),
        "risks": "; ".join(line.risks),
    }
    return [told[name] if name in told else getattr(line, name) for name in COLUMNS]


def _amount(minor: int | None, currency: str | None) -> Decimal | None:
    if minor is None or currency is None:
        return None
    return Decimal(minor).scaleb(-decimals(currency))


routes = [
    Route("/renewals", renewals),
    Route("/renewals/at-risk", risk),
    Route("/renewals.csv", renewals_csv),
]
