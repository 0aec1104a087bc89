"""The list of accounts: a page of it, all of it for an export, how many there are.

A cursor says after which account to go on, by what the list is sorted by and the subject: so none
is skipped or shown twice while others come and go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, null, or_, select

from console.queries.account_search import AccountSearch
from console.queries.cursors import cursor_of, key_of
from console.read_model.tables import account_mrr, account_rows, accounts

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyMrr:
    """MRR in one currency: minor units, rounded, and the exact fraction as text."""

    currency: str
    mrr_minor: int
    mrr_exact: str
    committed_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingMrr:
    """A subscription whose MRR is not known, and the word for what is missing."""

    subscription: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """One account as lists show it; times are Unix seconds.

    `mrr` is only what is known: while `pending` is not empty, the whole is not.
    """

    subject: str
    source: str
    account: str | None
    livemode: bool
    customer: str
    name: str | None
    email: str | None
    contact_kind: str | None
    contact_id: str | None
    contact_reason: str | None
    stage: str | None
    stage_since: int | None
    status: str | None
    subscriptions_live: int
    mrr: tuple[CurrencyMrr, ...]
    pending: tuple[PendingMrr, ...]
    renews_at: int | None
    access_until: int | None
    retry_at: int | None
    is_past_due: bool
    is_cancel_scheduled: bool
    created_at: int | None
    deleted_at: int | None
    as_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsPage:
    """Some of the accounts that were asked for; `cursor` leads to those after them, if any."""

    accounts: tuple[AccountLine, ...]
    total: int
    cursor: str | None


LINE = tuple(
    accounts.c[name] for name in AccountLine.__dataclass_fields__ if name not in {"mrr", "pending"}
)
SORTED_BY: Mapping[str, ColumnElement[Any]] = {
    "name": accounts.c.sort_name,
    "mrr": accounts.c.mrr_minor,
    "renewal": accounts.c.renews_at,
    "since": accounts.c.stage_since,
}


def accounts_page(
    connection: Connection,
    search: AccountSearch,
    *,
    livemode: bool,
    now: int,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> AccountsPage:
    """Give some of the accounts asked for.

    Raises:
        SubfoldError: The cursor is none of this list.
    """
    statement = _sorted(search, livemode=livemode, now=now)
    if cursor is not None:
        statement = statement.where(_after(search, cursor))
    found = connection.execute(statement.limit(limit + 1).offset(offset)).mappings().all()
    shown = found[:limit]
    return AccountsPage(
        accounts=tuple(_lines(connection, shown)),
        total=count_accounts(connection, search, livemode=livemode, now=now),
        cursor=cursor_of((shown[-1]["sorted_by"], shown[-1]["subject"]))
        if len(found) > limit
        else None,
    )


def count_accounts(
    connection: Connection, search: AccountSearch, *, livemode: bool, now: int
) -> int:
    """How many accounts are asked for."""
    conditions = search.conditions(livemode=livemode, now=now)
    statement = select(func.count()).select_from(accounts).where(*conditions)
    return connection.execute(statement).scalar_one()


def all_accounts(
    connection: Connection, search: AccountSearch, *, livemode: bool, now: int
) -> Iterator[AccountLine]:
    """Give every account asked for, a few hundred in memory at a time."""
    statement = _sorted(search, livemode=livemode, now=now).execution_options(yield_per=BATCH)
    for rows in connection.execute(statement).mappings().partitions():
        yield from _lines(connection, rows)


def account_line(connection: Connection, subject: str) -> AccountLine | None:
    """One account; None where there is none of that subject."""
    statement = select(*LINE, _row()).where(accounts.c.subject == subject)
    found = connection.execute(statement).mappings().all()
    return next(_lines(connection, found), None)


def _sorted(search: AccountSearch, *, livemode: bool, now: int) -> Select[Any]:
    column, is_descending = _sorted_by(search)
    statement = select(*LINE, _row(), column.label("sorted_by")).where(
        *search.conditions(livemode=livemode, now=now)
    )
    if column.table is account_mrr:
        statement = statement.join_from(
            account_mrr, accounts, account_mrr.c.subject == accounts.c.subject
        ).where(account_mrr.c.livemode == livemode, account_mrr.c.currency == search.currency)
    elif search.is_narrowed:
        # By an index of what is sorted by SQLite would look up every account until it has found a
        # page of those asked for; an expression has no index, and one scan finds them all.
        column = func.coalesce(column, null())
    order = column.desc() if is_descending else column.asc()
    is_never_null = column is accounts.c.sort_name or column is account_mrr.c.mrr_minor
    return statement.order_by(order if is_never_null else order.nulls_last(), accounts.c.subject)


def _sorted_by(search: AccountSearch) -> tuple[Any, bool]:
    name = search.sort.removeprefix("-")
    if name == "mrr" and search.currency is not None:
        return account_mrr.c.mrr_minor, search.sort != name
    return SORTED_BY[name], search.sort != name


def _row() -> ColumnElement[str | None]:
    """The whole row, only where it must be read: for what is missing of the MRR."""
    row = select(account_rows.c.row).where(
        account_rows.c.subject == accounts.c.subject, accounts.c.pending > 0
    )
    return row.scalar_subquery().label("row")


def _after(search: AccountSearch, cursor: str) -> ColumnElement[bool]:
    column, is_descending = _sorted_by(search)
    value, subject = key_of(cursor, column.type.python_type)
    is_later = accounts.c.subject > subject
    if value is None:
        return and_(column.is_(None), is_later)
    beyond = column < value if is_descending else column > value
    return or_(beyond, and_(column == value, is_later), column.is_(None))


def _lines(connection: Connection, rows: Sequence[RowMapping]) -> Iterator[AccountLine]:
    mrr = _mrr_of(connection, [row["subject"] for row in rows])
    for row in rows:
        columns = {column.name: row[column] for column in LINE}
        yield AccountLine(**columns, mrr=tuple(mrr[row["subject"]]), pending=_pending(row["row"]))


def _mrr_of(connection: Connection, subjects: list[str]) -> dict[str, list[CurrencyMrr]]:
    found = defaultdict[str, list[CurrencyMrr]](list)
    statement = select(account_mrr).where(account_mrr.c.subject.in_(subjects))
    for row in connection.execute(statement.order_by(account_mrr.c.mrr_minor.desc())):
        found[row.subject].append(
            CurrencyMrr(
                currency=row.currency,
                mrr_minor=row.mrr_minor,
                mrr_exact=row.mrr_exact,
                committed_minor=row.committed_minor,
            )
        )
    return found


def _pending(row: str | None) -> tuple[PendingMrr, ...]:
    told = orjson.loads(row)["pending"] if row else ()
    return tuple(PendingMrr(**each) for each in told)
