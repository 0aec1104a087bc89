"""Bytes and rows: one codec, with a schema version; equal rows are equal bytes."""

from __future__ import annotations

import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.errors import SubfoldError
from schemas.rows import Row

SCHEMA_VERSION = 1
_ADAPTER = TypeAdapter(Row)


class NewerRowError(SubfoldError):
    """The row was written by a newer release: stop, rather than write it anew in an old shape."""


def canonical(value: object) -> bytes:
    """JSON with sorted keys: the same value is the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def encode_row(row: Row) -> bytes:
    """Write a row as it stands in the table's changelog."""
    return canonical({"schema_version": SCHEMA_VERSION, "row": row})


def decode_row(data: bytes) -> Row:
    """Read what `encode_row` wrote.

    Raises:
        NewerRowError: The schema version is above this release's.
        SubfoldError: The bytes are no row.
    """
    try:
        stored = orjson.loads(data)
        version = stored["schema_version"]
        if version > SCHEMA_VERSION:
            raise NewerRowError(
                f"a row has schema version {version}, this release knows {SCHEMA_VERSION}: "
                "start the newer release"
            )
        return _ADAPTER.validate_python(stored["row"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValidationError) as error:
        raise SubfoldError("the table holds bytes that are no row") from error
