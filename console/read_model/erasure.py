"""A customer whose row was taken away: nothing is kept that names it, whenever it comes.

Sums over all customers stay as they are, for they name nobody.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from console.read_model import tables
from console.read_model.ahead_tables import armed, renewals
from console.read_model.writes import chunks, delete_where, insert_new

OF_A_SUBJECT = (
    tables.accounts,
    tables.account_rows,
    tables.account_mrr,
    tables.subscriptions,
    tables.updates,
    tables.stage_changes,
    tables.mrr_movements,
    tables.moments,
    tables.events,
    tables.dead_letters,
    armed,
    renewals,
)


def erase(
    connection: Connection, *, gone: Collection[str], back: Collection[str], named: Collection[str]
) -> None:
    """Delete all that names customers who are erased.

    Args:
        connection: Of the transaction that wrote the records.
        gone: Subjects whose row was taken away just now.
        back: Those that have a row again.
        named: Those that the records name: of one that was erased before, what came goes, too.
    """
    delete_where(connection, tables.erased.c.subject, back)
    insert_new(connection, tables.erased, [{"subject": subject} for subject in gone])
    for chunk in chunks(named, 5_000):
        wanted = select(tables.erased.c.subject).where(tables.erased.c.subject.in_(chunk))
        subjects = list(connection.scalars(wanted))
        for table in OF_A_SUBJECT:
            delete_where(connection, table.c.subject, subjects)
        for subject in subjects:
            _delete_objects(connection, subject)


def _delete_objects(connection: Connection, subject: str) -> None:
    scope, _, customer = subject.rpartition("/")
    objects = tables.objects
    connection.execute(
        delete(objects).where(objects.c.scope == scope, objects.c.customer == customer)
    )
