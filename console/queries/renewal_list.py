"""Renewals one by one: a window of them, and the subscriptions that something endangers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select, tuple_

from console.queries.renewals import Expected, expected, within
from console.read_model.ahead import RISKS
from console.read_model.ahead_tables import renewals
from console.read_model.tables import accounts, subscriptions

BATCH = 500
SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "date": (renewals.c.renews_at, renewals.c.subscription),
    "-date": (renewals.c.renews_at.desc(), renewals.c.subscription.desc()),
    "amount": (renewals.c.amount_minor.asc().nulls_last(), renewals.c.subscription),
    "-amount": (renewals.c.amount_minor.desc().nulls_last(), renewals.c.subscription.desc()),
}
RISK_COLUMNS = {name.removeprefix("is_"): renewals.c[name] for name in RISKS}
"""By the word for each kind of risk."""
OWN = (
    "subscription",
    "status",
    "renews_at",
    "ends_at",
    "currency",
    "amount_minor",
    "mrr_minor",
    "attempts",
    "retry_at",
    "card_expires_at",
)
"""What a line takes from the table as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A live subscription; times are Unix seconds.

    `amount_minor` is null where what it will be charged cannot be known, `mrr_minor` while its MRR
    is pending. `attempts` and `retry_at` are of its newest open invoice.
    """

    subject: str
    customer: str
    name: str | None
    email: str | None
    subscription: str
    plan: str | None
    status: str
    stage: str | None
    renews_at: int | None
    ends_at: int | None
    currency: str | None
    amount_minor: int | None
    mrr_minor: int | None
    attempts: int
    retry_at: int | None
    card_expires_at: int | None
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalsPage:
    """Some of the renewals asked for, and what all of them come to."""

    renewals: tuple[Renewal, ...]
    count: int
    total: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endangered:
    """MRR of subscriptions with one kind of risk, in one currency."""

    currency: str | None
    subscriptions: int
    mrr_minor: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One kind of risk; a subscription may have several."""

    risk: str
    subscriptions: int
    mrr: tuple[Endangered, ...]


def renewals_page(
    connection: Connection,
    *,
    livemode: bool,
    begin: int,
    end: int,
    currency: str = "",
    sort: str = "date",
    limit: int = 50,
    offset: int = 0,
) -> RenewalsPage:
    """Renewals from one time to before another, Unix seconds."""
    asked = within(livemode=livemode, begin=begin, end=end, currency=currency)
    total = expected(connection, asked)
    return RenewalsPage(
        renewals=_lines(
            connection, select(renewals).where(*asked).order_by(*SORTS[sort]), limit, offset
        ),
        count=sum(each.subscriptions for each in total),
        total=total,
    )


def all_renewals(
    connection: Connection,
    *,
    livemode: bool,
    begin: int,
    end: int,
    currency: str = "",
    sort: str = "date",
) -> Iterator[Renewal]:
    """The same, all of them, a few hundred in memory at a time."""
    asked = within(livemode=livemode, begin=begin, end=end, currency=currency)
    return _all(connection, select(renewals).where(*asked).order_by(*SORTS[sort]))


def at_risk(connection: Connection, *, livemode: bool) -> tuple[Risk, ...]:
    """How much MRR each kind of risk endangers, in the order of `RISK_COLUMNS`."""
    endangered = (renewals.c.livemode == livemode, renewals.c.risks > 0)
    found = connection.execute(
        select(
            *RISK_COLUMNS.values(),
            renewals.c.currency,
            func.count(),
            func.coalesce(func.sum(renewals.c.mrr_minor), 0),
            func.count() - func.count(renewals.c.mrr_minor),
        )
        .where(*endangered)
        .group_by(*RISK_COLUMNS.values(), renewals.c.currency)
    ).all()
    return tuple(_risk(word, place, found) for place, word in enumerate(RISK_COLUMNS))


def renewals_at_risk(
    connection: Connection, *, livemode: bool, risk: str, limit: int = 50, offset: int = 0
) -> tuple[Renewal, ...]:
    """Subscriptions with a kind of risk, or any where none is named; the next dates first."""
    return _lines(connection, _endangered(livemode=livemode, risk=risk), limit, offset)


def all_renewals_at_risk(connection: Connection, *, livemode: bool, risk: str) -> Iterator[Renewal]:
    """The same, all of them, a few hundred in memory at a time."""
    return _all(connection, _endangered(livemode=livemode, risk=risk))


def _endangered(*, livemode: bool, risk: str) -> Select[Any]:
    named = RISK_COLUMNS[risk] if risk else renewals.c.risks > 0
    when = func.coalesce(renewals.c.renews_at, renewals.c.ends_at, renewals.c.retry_at)
    return (
        select(renewals)
        .where(renewals.c.livemode == livemode, renewals.c.risks > 0, named)
        .order_by(when, renewals.c.subscription)
    )


def _all(connection: Connection, asked: Select[Any]) -> Iterator[Renewal]:
    found = connection.execute(asked.execution_options(yield_per=BATCH)).mappings()
    for rows in found.partitions():
        yield from _told(connection, rows)


def _lines(
    connection: Connection, asked: Select[Any], limit: int, offset: int
) -> tuple[Renewal, ...]:
    return _told(connection, connection.execute(asked.limit(limit).offset(offset)).mappings().all())


def _told(connection: Connection, found: Sequence[RowMapping]) -> tuple[Renewal, ...]:
    subjects = {row["subject"] for row in found}
    customers = connection.execute(select(accounts).where(accounts.c.subject.in_(subjects)))
    whose = {row["subject"]: row for row in customers.mappings()}
    keys = [(row["subject"], row["subscription"]) for row in found]
    table = subscriptions.c
    plans = connection.execute(
        select(table.subject, table.subscription, table.plan).where(
            tuple_(table.subject, table.subscription).in_(keys)
        )
    )
    plan_of = {(subject, subscription): plan for subject, subscription, plan in plans}
    return tuple(
        _line(row, whose.get(row["subject"]), plan_of.get((row["subject"], row["subscription"])))
        for row in found
    )


def _line(row: RowMapping, account: RowMapping | None, plan: str | None) -> Renewal:
    return Renewal(
        subject=row["subject"],
        customer=row["subject"].rsplit("/", 1)[-1],
        name=account["name"] if account else None,
        email=account["email"] if account else None,
        stage=account["stage"] if account else None,
        plan=plan,
        risks=tuple(word for word, column in RISK_COLUMNS.items() if row[column]),
        **{name: row[name] for name in OWN},
    )


def _risk(word: str, place: int, found: Sequence[Any]) -> Risk:
    counts: dict[str | None, int] = defaultdict(int)
    mrr: dict[str | None, int] = defaultdict(int)
    unknown: dict[str | None, int] = defaultdict(int)
    for *flags, currency, count, amount, unknown_count in found:
        if flags[place]:
            counts[currency] += count
            mrr[currency] += int(amount)
            unknown[currency] += unknown_count
    ordered = sorted(counts, key=lambda currency: (-counts[currency], currency or ""))
    return Risk(
        risk=word,
        subscriptions=sum(counts.values()),
        mrr=tuple(
            Endangered(
                currency=currency,
                subscriptions=counts[currency],
                mrr_minor=mrr[currency],
                unknown=unknown[currency],
            )
            for currency in ordered
        ),
    )
