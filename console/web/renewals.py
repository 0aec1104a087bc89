"""The page Renewals: the calendar, the list of what renews, what is at risk; CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.queries.periods import DAY_S, Period, day_name, month_number
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
from console.queries.renewals import Expected, added, expected_by_day, within
from console.queries.revenue import currencies
from console.web.accounts import offset_of
from console.web.csv_text import Cell, csv_lines
from console.web.renewal_span import WITHIN, named, span_of, words
from console.web.shell import console_of, mode_of, render
from schemas.currencies import decimals
from schemas.times import iso_or_none

PAGE = 50
RISK_WORDS = {
    "past_due": "Past due",
    "cancel_scheduled": "Cancel scheduled",
    "failing": "Payment failing",
    "card_expiring": "Card expiring",
    "not_collected": "Not collected",
}
RISK_NOTES = {
    "past_due": "status past due or unpaid",
    "cancel_scheduled": "ends instead of renewing",
    "failing": "the newest open invoice was tried in vain",
    "card_expiring": "the card that pays is no good by then",
    "not_collected": "collection is paused at the renewal",
}
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
    """Show the calendar of some days, the list of them or of one, and the risks."""
    console, livemode = console_of(request), mode_of(request)
    now, given = int(console.clock()), request.query_params
    span, currency = span_of(given, now), given.get("currency", "")
    sort, offset = _sort(request), offset_of(request)
    with console.read_model.connect() as connection:
        found = renewals_page(
            connection,
            livemode=livemode,
            **_times(span.listed),
            currency=currency,
            sort=sort,
            limit=PAGE,
            offset=offset,
        )
        by_day = expected_by_day(
            connection, within(livemode=livemode, **_times(span.days), currency=currency)
        )
        risks = at_risk(connection, livemode=livemode)
        known = currencies(connection, livemode=livemode)
    return render(
        request,
        "renewals/page.html",
        found=found,
        span=span,
        words=words,
        by_day=by_day,
        by_month=_by_month(by_day),
        total=added(it for each in by_day.values() for it in each),
        risks=risks,
        risk_words=RISK_WORDS,
        risk_notes=RISK_NOTES,
        currencies=known,
        currency=currency,
        within=WITHIN,
        sort=sort,
        offset=offset,
        limit=PAGE,
        query=request.url.query,
        today=day_name(now // DAY_S),
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
    listed = span_of(request.query_params, int(console.clock())).listed
    with console.read_model.connect() as connection:
        if "risk" in request.query_params:
            risk = _risk_word(request)
            yield from all_renewals_at_risk(connection, livemode=livemode, risk=risk)
            return
        yield from all_renewals(
            connection,
            livemode=livemode,
            **_times(listed),
            currency=request.query_params.get("currency", ""),
            sort=_sort(request),
        )


def _times(days: Period) -> dict[str, int]:
    return {"begin": days.first_day * DAY_S, "end": (days.last_day + 1) * DAY_S}


def _by_month(
    by_day: Mapping[str, Sequence[Expected]],
) -> Iterator[tuple[str, str, tuple[Expected, ...]]]:
    """What each month comes to: ISO 8601, in words, and by currency."""
    for month, days in groupby(sorted(by_day), key=lambda day: day[: len("2026-11")]):
        yield *named(month_number(month)), added(it for day in days for it in by_day[day])


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
