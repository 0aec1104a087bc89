"""What accounts can be filtered by: each value that a column has, found by one step in its index.

Counting how often each occurs would read all of them for every list that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from console.queries.account_search import NONE
from console.read_model.tables import account_mrr, accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What there is to filter by, sorted; a missing stage or status is `-`."""

    stages: tuple[str, ...]
    statuses: tuple[str, ...]
    sources: tuple[str, ...]
    currencies: tuple[str, ...]


def choices(connection: Connection, *, livemode: bool) -> Choices:
    """What the accounts of a mode can be filtered by."""

    def values(column: ColumnElement[str | None]) -> tuple[str, ...]:
        return _values(connection, column, livemode=livemode)

    return Choices(
        stages=values(accounts.c.stage),
        statuses=values(accounts.c.status),
        sources=values(accounts.c.source),
        currencies=values(account_mrr.c.currency),
    )


def _values(
    connection: Connection, column: ColumnElement[str | None], *, livemode: bool
) -> tuple[str, ...]:
    """Each value once: from one to the next, in the column's index behind `livemode`."""
    of_mode = column.table.c.livemode == livemode
    step = select(func.min(column).label("value")).where(of_mode).cte("step", recursive=True)
    following = select(func.min(column)).where(of_mode, column > step.c.value)
    step = step.union_all(select(following.scalar_subquery()).where(step.c.value.is_not(None)))
    found = set(connection.scalars(select(step.c.value).where(step.c.value.is_not(None))))
    missing = select(column.table.c.subject).where(of_mode, column.is_(None)).limit(1)
    if connection.execute(missing).first():
        found.add(NONE)
    return tuple(sorted(found))
