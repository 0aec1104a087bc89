"""The list of accounts: found, filtered, sorted, and taken away as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.queries.account_choices import choices
from console.queries.account_search import NONE, AccountSearch
from console.queries.accounts import AccountLine, accounts_page, all_accounts
from console.web.csv_text import Cell, csv_lines
from console.web.shell import console_of, mode_of, render
from projections.mrr.words import PENDING
from schemas.currencies import decimals
from schemas.settings import STRIPE_STATUSES
from schemas.times import iso_or_none

PAGE = 50
OFFSET_MAX = 10_000
"""Beyond these a list is for searching, not for leafing."""

WORDS = {
    "renews": {
        "7d": "within 7 days",
        "30d": "within 30 days",
        "60d": "within 60 days",
        "90d": "within 90 days",
        "overdue": "overdue",
        "none": "does not renew",
        "custom": "between two days",
    },
    "contact": {"linked": "linked", "unlinked": "not linked"},
    "risk": {"past_due": "past due", "cancel_scheduled": "cancel scheduled"},
    "deleted": {"yes": "shown, too", "only": "only these"},
}
"""What the filters are called that have words of their own, by name and value."""
TITLES = {
    "q": "Search",
    "stage": "Stage",
    "status": "Status",
    "renews": "Renews",
    "currency": "Currency",
    "contact": "Contact",
    "risk": "At risk",
    "source": "Source",
    "deleted": "Deleted",
}
MORE = {"renews_from", "currency", "contact", "risk", "source", "deleted"}
"""Filters that are folded away while none of them is in force."""
COLUMNS = (
    "subject",
    "source",
    "account",
    "mode",
    "customer",
    "name",
    "email",
    "contact_kind",
    "contact_id",
    "contact_reason",
    "stage",
    "stage_since",
    "status",
    "subscriptions_live",
    "mrr_not_known",
    "renews_at",
    "access_until",
    "retry_at",
    "is_past_due",
    "is_cancel_scheduled",
    "created_at",
    "deleted_at",
    "as_of",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter that is in force: what is said of it, and the parameters that make it."""

    text: str
    without: dict[str, None]


def accounts_list(request: Request) -> Response:
    """Show a page of the accounts asked for."""
    search, faults = search_of(request)
    offset, chips = offset_of(request), list(_chips(search))
    console, livemode = console_of(request), mode_of(request)
    with console.read_model.connect() as connection:
        found = accounts_page(
            connection,
            search,
            livemode=livemode,
            now=int(console.clock()),
            limit=PAGE,
            offset=offset,
        )
        offered = choices(connection, livemode=livemode)
    return render(
        request,
        "accounts/list.html",
        found=found,
        search=search,
        faults=faults,
        chips=chips,
        stages=_options(offered.stages, "no stage"),
        statuses=_options({*STRIPE_STATUSES, *offered.statuses}, "no status"),
        currencies=[(each, each.upper()) for each in offered.currencies],
        sources=[(each, each) for each in offered.sources],
        more=any(chip.without.keys() & MORE for chip in chips),
        words=WORDS,
        offset=offset,
        limit=PAGE,
        offset_max=OFFSET_MAX,
        query=request.url.query,
        pending_words=PENDING,
    )


def accounts_csv(request: Request) -> Response:
    """Give all accounts asked for, while they are read."""
    search, _ = search_of(request)
    lines = _csv(request, search)
    headers = {"content-disposition": 'attachment; filename="accounts.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def search_of(request: Request) -> tuple[AccountSearch, str]:
    """What the address asks for; what cannot be read is left out, and said."""
    asked = {name: word for name, word in request.query_params.items() if word.strip()}
    try:
        return AccountSearch.model_validate(asked), ""
    except ValidationError as error:
        faulty = {str(each["loc"][0]) for each in error.errors()}
        kept = {name: word for name, word in asked.items() if name not in faulty}
        return AccountSearch.model_validate(kept), ", ".join(sorted(faulty))


def offset_of(request: Request) -> int:
    """After how many entries of a list a page begins; at its beginning when that is no number."""
    asked = request.query_params.get("offset", "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) <= len(str(OFFSET_MAX))
    return min(int(asked), OFFSET_MAX) if is_number else 0


def _options(names: Iterable[str], none: str) -> list[tuple[str, str]]:
    return [(name, none if name == NONE else name.replace("_", " ")) for name in sorted(names)]


def _chips(search: AccountSearch) -> Iterator[Chip]:
    for name, title in TITLES.items():
        value = getattr(search, name)
        if value == AccountSearch.model_fields[name].default:
            continue
        word = WORDS.get(name, {}).get(value, "none" if value == NONE else value)
        without = {name: None}
        if value == "custom":
            word = f"{search.renews_from or '…'} to {search.renews_to or '…'}"
            without |= {"renews_from": None, "renews_to": None}
        yield Chip(text=f"{title}: {word}", without=without)


def _csv(request: Request, search: AccountSearch) -> Iterator[str]:
    console, livemode = console_of(request), mode_of(request)
    with console.read_model.connect() as connection:
        currencies = choices(connection, livemode=livemode).currencies
        found = all_accounts(connection, search, livemode=livemode, now=int(console.clock()))
        header = [*COLUMNS, *(f"mrr_{currency}" for currency in currencies)]
        yield from csv_lines(header, (_cells(each, currencies) for each in found))


def _cells(line: AccountLine, currencies: tuple[str, ...]) -> list[Cell]:
    told = {
        "mode": "live" if line.livemode else "test",
        "mrr_not_known": "; ".join(f"{it.subscription}: {it.reason}" for it in line.pending),
    }
    mrr = {each.currency: each.mrr_minor for each in line.mrr if each.mrr_minor or not line.pending}
    return [
        *(_cell(name, told[name] if name in told else getattr(line, name)) for name in COLUMNS),
        *(
            Decimal(mrr[currency]).scaleb(-decimals(currency)) if currency in mrr else None
            for currency in currencies
        ),
    ]


def _cell(name: str, value: str | int | bool | None) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name != "subscriptions_live":
        return iso_or_none(value)
    return value


routes = [
    Route("/accounts", accounts_list),
    Route("/accounts.csv", accounts_csv),
]
