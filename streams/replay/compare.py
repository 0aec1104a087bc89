"""Says where rebuilt rows are not those that a worker made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

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
    first = next(_fields(live[part], rebuilt[part], part), None)
    path, theirs, ours = first or next(_fields(live, rebuilt, "row"))
    return Difference(
        subject=subject, part=part, field=path, live=_short(theirs), rebuilt=_short(ours)
    )


def _fields(live: Any, rebuilt: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two values differ, with both; in order of the names."""
    if isinstance(live, dict) and isinstance(rebuilt, dict):
        for name in sorted({*live, *rebuilt}):
            yield from _fields(live.get(name), rebuilt.get(name), f"{path}.{name}")
    elif isinstance(live, list) and isinstance(rebuilt, list) and len(live) == len(rebuilt):
        for index, (theirs, ours) in enumerate(zip(live, rebuilt, strict=True)):
            yield from _fields(theirs, ours, f"{path}[{index}]")
    elif live != rebuilt:
        yield path, live, rebuilt


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"
