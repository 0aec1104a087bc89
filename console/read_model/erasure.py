"""A customer whose row was taken away: nothing is kept that names it, whenever it comes.

Nor what names no customer and leads to it by another object, as a dispute by its charge: objects
that went are kept as ids alone, by which what comes later is known. Sums over all customers stay as
they are, for they name nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import Connection, Row, Select, exists, func, literal, select

from console.read_model import log_tables, tables, update_tables
from console.read_model.ahead_tables import armed, renewals
from console.read_model.log_tables import objects
from console.read_model.tables import erased
from console.read_model.writes import chunks, delete_keys, delete_where, insert_new
from schemas.records import NO_CUSTOMER

OF_A_SUBJECT = (
    tables.accounts,
    tables.account_rows,
    tables.account_mrr,
    tables.subscriptions,
    update_tables.updates,
    update_tables.stage_changes,
    update_tables.mrr_movements,
    update_tables.moments,
    log_tables.events,
    tables.dead_letters,
    armed,
    renewals,
)
LINKS = (objects.c.charge, objects.c.payment_intent, objects.c.invoice, objects.c.subscription)
# Not `IS NULL`, for which there is an index, of all that name nobody.
NAMES_NOBODY = func.coalesce(objects.c.customer, "") == ""
Found = Sequence[Row[tuple[str, str, str]]]
"""Objects to be deleted: scope, id, and the subject of their customer."""


def erase(
    connection: Connection,
    *,
    gone: Collection[str],
    back: Collection[str],
    named: Collection[str],
    shown: Mapping[str, Collection[str]],
) -> None:
    """Delete all that names customers who are erased, or leads to them.

    Args:
        connection: Of the transaction that wrote the records.
        gone: Subjects whose row was taken away just now.
        back: Those that have a row again.
        named: Those that the records name: of one that was erased before, what came goes, too.
        shown: Ids of the objects that the records show, by scope.
    """
    delete_where(connection, erased.c.customer, back)
    insert_new(connection, erased, [{"subject": each, "customer": each} for each in gone])
    if not connection.scalar(select(exists().select_from(erased))):
        return
    customers: list[str] = []
    for chunk in chunks(named, 5_000):
        known = connection.execute(select(erased).where(erased.c.subject.in_(chunk))).all()
        _delete_of(connection, [subject for subject, _ in known])
        customers += [subject for subject, customer in known if subject == customer]
    for customer in customers:
        _delete_objects(connection, connection.execute(_naming(customer)).all())
    for scope, ids in shown.items():
        for chunk in chunks(ids):
            _delete_objects(connection, connection.execute(_leading(scope, chunk)).all())


def _delete_of(connection: Connection, subjects: Collection[str]) -> None:
    for table in OF_A_SUBJECT:
        delete_where(connection, table.c.subject, subjects)


def _delete_objects(connection: Connection, found: Found) -> None:
    """Delete objects, and what leads to them over as many steps as it takes; keep their ids."""
    while found:
        rows = [
            {"subject": f"{each.scope}/{NO_CUSTOMER}/{each.id}", "customer": each.customer}
            for each in found
        ]
        insert_new(connection, erased, rows)
        _delete_of(connection, [row["subject"] for row in rows])
        delete_keys(connection, objects, [(each.scope, each.id) for each in found])
        found = list(_next(connection, found))


def _next(connection: Connection, found: Found) -> Iterator[Row[tuple[str, str, str]]]:
    """What names nobody but one of these."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in found:
        groups[each.scope, each.customer].append(each.id)
    for (scope, customer), ids in groups.items():
        for chunk in chunks(ids):
            for link in LINKS:
                leading = _objects(customer).where(
                    objects.c.scope == scope, link.in_(chunk), NAMES_NOBODY
                )
                yield from connection.execute(leading)


def _naming(customer: str) -> Select[tuple[str, str, str]]:
    scope, _, id_ = customer.rpartition("/")
    return _objects(customer).where(objects.c.scope == scope, objects.c.customer == id_)


def _leading(scope: str, ids: Collection[str]) -> Select[tuple[str, str, str]]:
    """Of these objects, those that are an erased customer's, though they name nobody."""
    subjects = (f"{scope}/{NO_CUSTOMER}/" + each for each in (objects.c.id, *LINKS))
    return (
        select(objects.c.scope, objects.c.id, erased.c.customer)
        .join(erased, erased.c.subject.in_(list(subjects)))
        .where(objects.c.scope == scope, objects.c.id.in_(ids), NAMES_NOBODY)
    )


def _objects(customer: str) -> Select[tuple[str, str, str]]:
    return select(objects.c.scope, objects.c.id, literal(customer).label("customer"))
