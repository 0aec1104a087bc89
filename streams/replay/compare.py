"""Says where rebuilt rows are not those that a worker made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from schemas.differing import differing

SHOWN_MAX = 80
"""Of a value that differs."""
Part = Literal["facts", "announced", "missing", "extra"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One customer whose rows differ, and the first field that does.

    `missing` is only in the rebuilt rows, `extra` only in the live ones.
    """

    subject: str
    part: Part
    field: str = ""
    live: str = ""
    rebuilt: str = ""


def differences(
    live: Mapping[bytes, bytes], rebuilt: Mapping[bytes, bytes]
) -> Iterator[Difference]:
    """Compare all rows, in order of subject."""
    for key in sorted({*live, *rebuilt}):
        ours, theirs = rebuilt.get(key), live.get(key)
        if ours == theirs:
            continue
        subject = key.decode()
        if theirs is None:
            yield Difference(subject=subject, part="missing")
        elif ours is None:
            yield Difference(subject=subject, part="extra")
        else:
            yield _of_rows(subject, orjson.loads(theirs)["row"], orjson.loads(ours)["row"])


def _of_rows(subject: str, live: Mapping[str, Any], rebuilt: Mapping[str, Any]) -> Difference:
    part: Part = "facts" if live["facts"] != rebuilt["facts"] else "announced"
    first = next(differing(live[part], rebuilt[part], part), None)
    path, theirs, ours = first or next(differing(live, rebuilt, "row"))
    return Difference(
        subject=subject, part=part, field=path, live=_short(theirs), rebuilt=_short(ours)
    )


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"
