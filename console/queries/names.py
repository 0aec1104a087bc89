"""What customers are called, for lists of subjects."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from console.read_model.tables import accounts
from console.read_model.writes import chunks


def names_of(connection: Connection, subjects: Iterable[str]) -> dict[str, str]:
    """The name, else the e-mail, else the id, of each that is an account."""
    table = accounts.c
    called = func.coalesce(
        func.nullif(table.name, ""), func.nullif(table.email, ""), table.customer
    )
    found: dict[str, str] = {}
    for some in chunks(set(subjects)):
        asked = select(table.subject, called).where(table.subject.in_(some))
        found.update(dict(connection.execute(asked).all()))
    return found
