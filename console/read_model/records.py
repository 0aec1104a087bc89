"""What the read model is made from: records of topics, named as in the contract, and their words.

Whatever stands in a text column is cut to what an index holds, and has no NUL, which PostgreSQL
refuses. The whole is always in a body or row beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

TEXT_MAX = 500
WORD_MAX = 200
KEY_BYTES_MAX = 1_000
"""An index of PostgreSQL holds 2,704 bytes; a key that the door makes has 800 at most."""
INTEGER_MAX = 2**63 - 1


class UnreadableError(Exception):
    """A record that says nothing to the read model: counted, and gone past."""


class Record(NamedTuple):
    """A record as Kafka delivers it; `topic` without the installation's prefix, time in ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def json_object(value: bytes | None) -> dict[str, Any]:
    """Read a value.

    Raises:
        UnreadableError: It is no JSON object.
    """
    try:
        found = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        raise UnreadableError("no JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError("no JSON object")
    return found


def words_of(record: Record) -> dict[str, str]:
    """Headers as text; of two with one name the last."""
    return {name: clean((word or b"").decode(errors="replace")) for name, word in record.headers}


def key_of(record: Record) -> str:
    """The key as text."""
    return clean((record.key or b"").decode(errors="replace"))


def clean(text: str) -> str:
    """The same without what PostgreSQL refuses."""
    return text.replace("\0", "\ufffd")


def text_or_none(value: object) -> str | None:
    """A text short enough for a column; None for what is none."""
    return clean(value[:TEXT_MAX]) if isinstance(value, str) else None


def word_or_none(value: object) -> str | None:
    """A text, cut short enough to stand in an index beside others; None for what is none."""
    text = text_or_none(value)
    return None if text is None else text[:WORD_MAX]


def integer_or_none(value: object) -> int | None:
    """A whole number that a column holds; None for what is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if abs(value) <= INTEGER_MAX else None


def seconds(moment: str) -> int:
    """Unix seconds of RFC 3339 text.

    Raises:
        ValueError: It is something else.
    """
    return int(datetime.fromisoformat(moment).timestamp())


def seconds_or_none(moment: str | None) -> int | None:
    """Unix seconds, or nothing where there is no time."""
    return None if moment is None else seconds(moment)
