"""Many rows in one statement, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, delete, tuple_
from sqlalchemy.dialects import postgresql, sqlite

Values = dict[str, Any]
T = TypeVar("T")

CHUNK = 500
"""Keys in one statement: SQLite allows 32,766 parameters, and a row has up to 30 columns."""


def chunks(things: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """So many at a time."""
    rest = iter(things)
    while chunk := list(islice(rest, size)):
        yield chunk


def upsert(connection: Connection, table: Table, rows: Collection[Values]) -> None:
    """Write rows whole, over what has the same primary key; no key may be in `rows` twice."""
    if not rows:
        return
    statement = _insert(connection, table)
    keys = {column.name for column in table.primary_key}
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed),
        list(rows),
    )


def insert_new(connection: Connection, table: Table, rows: Collection[Values]) -> None:
    """Write those rows whose primary key is not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def delete_where(connection: Connection, column: Column[Any], values: Iterable[object]) -> None:
    """Delete the rows that have one of these values."""
    for chunk in chunks(values, 5_000):
        connection.execute(delete(column.table).where(column.in_(chunk)))


def delete_keys(connection: Connection, table: Table, keys: Iterable[Sequence[object]]) -> None:
    """Delete rows by their whole primary key."""
    for chunk in chunks(keys):
        connection.execute(delete(table).where(tuple_(*table.primary_key).in_(chunk)))


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
