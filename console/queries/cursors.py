"""Cursors: where a page of a list ended, as a word for addresses."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import orjson
from pydantic import StrictInt, StrictStr, TypeAdapter

from console.read_model.records import INTEGER_MAX, clean
from schemas.errors import SubfoldError

Key = tuple[str | int | None, str]
"""What the last of a page was sorted by, and its subject."""
_read = TypeAdapter(tuple[StrictStr | StrictInt | None, StrictStr]).validate_json


def cursor_of(key: Key) -> str:
    """Write one."""
    return urlsafe_b64encode(orjson.dumps(key)).decode()


def key_of(cursor: str, kind: type) -> Key:
    """Read one of a list that is sorted by what is of this type.

    Raises:
        SubfoldError: It is none of this list's.
    """
    try:
        value, subject = _read(urlsafe_b64decode(cursor.encode()))
    except ValueError:
        raise SubfoldError("cursor: take it from the answer before, as it is") from None
    is_too_large = isinstance(value, int) and abs(value) > INTEGER_MAX
    if is_too_large or not isinstance(value, kind | None):
        raise SubfoldError("cursor: take it from the answer before, as it is")
    return clean(value) if isinstance(value, str) else value, clean(subject)
