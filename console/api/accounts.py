"""Accounts: the list, and all that the pages show of one."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import Field
from sqlalchemy import Connection

from console.api.parameters import Limit, Offset
from console.context import console_of
from console.past import Past, past
from console.queries.account import Account, account, settings_of
from console.queries.account_search import AccountSearch
from console.queries.accounts import AccountsPage, accounts_page
from console.queries.coming import Coming, coming
from console.queries.overdue import Overdue, overdue
from console.queries.stripe_objects import ObjectsPage, StoredObject, objects_page, stored_object
from console.queries.timeline import EntryKind, Timeline, timeline
from console.queries.why import WhyMrr, why_mrr
from console.queries.why_stage import WhyStage, why_stage
from console.read_model.records import clean
from schemas.customer_row import CustomerRow
from schemas.errors import SubfoldError
from schemas.times import YEAR_10000

T = TypeVar("T")
router = APIRouter(tags=["accounts"])
ONE = "/accounts/{source}/{account}/{mode}/{customer}"
NONE_SUCH: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of this id."}}
UNREADABLE: dict[int | str, dict[str, Any]] = {
    **NONE_SUCH,
    503: {"description": "The log cannot be read now."},
}


class AccountsAsked(AccountSearch):
    """What the list is asked for, and which part of it."""

    mode: str = Field(default="live", pattern="^(live|test)$")
    limit: int = Field(default=100, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=10_000)
    cursor: str | None = Field(
        default=None, max_length=4_000, description="Of the answer before: go on after it."
    )


def _subject(source: str, account: str, mode: str, customer: str) -> str:
    return clean("/".join((source, account, mode, customer)))


Subject = Annotated[str, Depends(_subject)]


@router.get("/accounts", responses={422: {"description": "What is asked for is not understood."}})
def list_accounts(request: Request, asked: Annotated[AccountsAsked, Query()]) -> AccountsPage:
    """List the accounts asked for; `cursor` leads on, and is null at the end."""
    with console_of(request).read_model.connect() as connection:
        try:
            return accounts_page(
                connection,
                asked,
                livemode=asked.mode == "live",
                now=int(console_of(request).clock()),
                limit=asked.limit,
                offset=asked.offset,
                cursor=asked.cursor,
            )
        except SubfoldError as error:
            raise HTTPException(422, str(error)) from error


@router.get(ONE, responses=NONE_SUCH)
def show_account(request: Request, subject: Subject) -> Account:
    """Show one account: its row, its line in the list, what it was over time."""
    with console_of(request).read_model.connect() as connection:
        return _found(account(connection, subject))


@router.get(f"{ONE}/coming", responses=NONE_SUCH)
def show_coming(request: Request, subject: Subject, limit: Limit = 100) -> Coming:
    """Show what automations are armed, and what they were told."""
    with console_of(request).read_model.connect() as connection:
        _found(account(connection, subject))
        return coming(connection, subject, limit=limit)


@router.get(f"{ONE}/overdue", responses=NONE_SUCH)
def show_overdue(request: Request, subject: Subject) -> tuple[Overdue, ...]:
    """Show the open invoices that should have been paid, the oldest first."""
    with console_of(request).read_model.connect() as connection:
        _found(account(connection, subject))
        return overdue(connection, subject, now=int(console_of(request).clock()))


@router.get(f"{ONE}/timeline", responses=NONE_SUCH)
def show_timeline(
    request: Request,
    subject: Subject,
    kind: EntryKind | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Timeline:
    """Show what happened, the newest first."""
    with console_of(request).read_model.connect() as connection:
        _found(account(connection, subject))
        return timeline(connection, subject, kind=kind, limit=limit, offset=offset)


@router.get(f"{ONE}/objects", responses=NONE_SUCH)
def list_objects(
    request: Request,
    subject: Subject,
    kind: Annotated[list[str] | None, Query(description="`invoice`, `charge`, …")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> ObjectsPage:
    """List Stripe's objects of the customer, the newest first."""
    with console_of(request).read_model.connect() as connection:
        _found(account(connection, subject))
        kinds = [clean(each) for each in kind or ()]
        return objects_page(connection, subject, kinds=kinds, limit=limit, offset=offset)


@router.get(f"{ONE}/objects/{{id_}}", responses=NONE_SUCH)
def show_object(request: Request, subject: Subject, id_: str) -> StoredObject:
    """Show one object: `body` is what Stripe sent last."""
    with console_of(request).read_model.connect() as connection:
        _found(account(connection, subject))
        return _found(stored_object(connection, subject, clean(id_)))


@router.get(f"{ONE}/why", responses=NONE_SUCH)
def explain_mrr(request: Request, subject: Subject) -> WhyMrr:
    """Say how the MRR comes about, step by step."""
    with console_of(request).read_model.connect() as connection:
        row = _found(account(connection, subject)).row
        return why_mrr(row, settings_of(connection, row.settings_version))


@router.get(f"{ONE}/why/stage", responses=UNREADABLE)
def explain_stage(request: Request, subject: Subject) -> WhyStage:
    """Say what every rule says of every subscription, by the facts as they are in the log."""
    with console_of(request).read_model.connect() as connection:
        now = int(console_of(request).clock())
        found = _past(request, connection, subject, now)
        return why_stage(found.row.facts, found.settings.content)


@router.get(f"{ONE}/past", responses=UNREADABLE)
def show_past(
    request: Request,
    subject: Subject,
    at: Annotated[int, Query(ge=0, lt=YEAR_10000, description="Unix seconds, by the log's time.")],
) -> CustomerRow:
    """Show the row as it was known then."""
    with console_of(request).read_model.connect() as connection:
        return _past(request, connection, subject, at).for_readers


def _past(request: Request, connection: Connection, subject: str, at: int) -> Past:
    _found(account(connection, subject))
    try:
        kafka = console_of(request).config.deployment.kafka
        return _found(past(connection, kafka, subject, at=at))
    except SubfoldError as error:
        raise HTTPException(503, str(error)) from error


def _found(given: T | None) -> T:
    if given is None:
        raise HTTPException(404, "There is none of this id.")
    return given
