"""Stripe's objects of one customer: those that name it, and those joined to one of these.

A refund may name a charge alone, a dispute a charge or payment intent: they belong to whom those
belong to: a dispute by its charge, by that one's payment intent, by that one's invoice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import CTE, Connection, RowMapping, and_, func, select, union

from console.read_model.log_tables import objects

STEPS = 3
BRIEF = tuple(
    objects.c[name]
    for name in ("kind", "id", "status", "currency", "amount_minor", "created", "at", "is_deleted")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLine:
    """One object as lists show it; `at` is the time of the version that is shown."""

    kind: str
    id: str
    status: str | None
    currency: str | None
    amount_minor: int | None
    created: int | None
    at: int
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsPage:
    """Some objects of one customer, the newest first; `total` of the kinds asked for."""

    objects: tuple[ObjectLine, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as Stripe sent it last."""

    line: ObjectLine
    body: Mapping[str, Any]


def scope_of(subject: str) -> str:
    """Of whose objects a customer's are: `{source}/{account or -}/{live|test}`."""
    return subject.rpartition("/")[0]


def kinds_of(connection: Connection, subject: str) -> Mapping[str, int]:
    """How many objects there are of each kind, in order of kind."""
    mine = _belongings(subject)
    counted = connection.execute(
        select(mine.c.kind, func.count()).group_by(mine.c.kind).order_by(mine.c.kind)
    )
    return dict(counted.all())


def objects_page(
    connection: Connection, subject: str, *, kinds: Sequence[str], limit: int, offset: int = 0
) -> ObjectsPage:
    """Give some objects of these kinds; of all, where none is named."""
    mine = _belongings(subject)
    wanted = [mine.c.kind.in_(kinds)] if kinds else []
    joined = and_(objects.c.scope == scope_of(subject), objects.c.id == mine.c.id)
    found = connection.execute(
        select(*BRIEF)
        .select_from(mine)
        .join(objects, joined)
        .where(*wanted)
        .order_by(func.coalesce(objects.c.created, objects.c.at).desc(), objects.c.id)
        .limit(limit)
        .offset(offset)
    ).mappings()
    total = connection.execute(select(func.count()).select_from(mine).where(*wanted)).scalar_one()
    return ObjectsPage(objects=tuple(map(_line, found)), total=total)


def stored_object(connection: Connection, subject: str, id_: str) -> StoredObject | None:
    """One object of the customer's, or one that is nobody's, as a price; None for any other."""
    statement = select(*BRIEF, objects.c.body, objects.c.customer).where(
        objects.c.scope == scope_of(subject), objects.c.id == id_
    )
    found = connection.execute(statement).mappings().one_or_none()
    if found is None:
        return None
    mine = _belongings(subject)
    is_own = connection.execute(select(mine.c.id).where(mine.c.id == id_)).first() is not None
    if not is_own and found[objects.c.customer] is not None:
        return None
    return StoredObject(line=_line(found), body=orjson.loads(found[objects.c.body]))


def joined_ids(connection: Connection, subject: str) -> tuple[str, ...]:
    """Ids of objects that belong to the customer and do not name it themselves."""
    mine = _belongings(subject)
    statement = select(mine.c.id).where(mine.c.customer.is_(None))
    return tuple(connection.execute(statement).scalars())


def _belongings(subject: str) -> CTE:
    """All objects of a customer: id, kind and whom they name.

    Each step is a query of its own by one index: as one recursive query with a choice of columns,
    SQLite looks through all objects that name nobody.
    """
    scope, customer = scope_of(subject), subject.rpartition("/")[2]
    columns = (objects.c.id, objects.c.kind, objects.c.customer)
    named = select(*columns).where(objects.c.scope == scope, objects.c.customer == customer)
    itself = select(*columns).where(objects.c.scope == scope, objects.c.id == customer)
    mine = union(named, itself).cte("step_0")
    for step in range(1, STEPS + 1):
        joined = (
            select(*columns).where(
                objects.c.scope == scope,
                via.in_(select(mine.c.id)),
                # Not `IS NULL`, for which there is an index, of all that name nobody.
                func.coalesce(objects.c.customer, "") == "",
            )
            for via in (objects.c.charge, objects.c.payment_intent, objects.c.invoice)
        )
        mine = union(select(mine), *joined).cte(f"step_{step}")
    return mine


def _line(row: RowMapping) -> ObjectLine:
    return ObjectLine(**{column.name: row[column] for column in BRIEF})
