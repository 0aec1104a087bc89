"""Whether readers of an older JSON Schema of ours can read what a newer one describes.

Only additions are allowed: fields, words of an enumeration, definitions. All else, a field that may
now be null among it, breaks somebody. Source: docs/contract.md, "Updates".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NOT_READ = frozenset({"title", "description", "default"})
ADDED_TO = frozenset({"properties", "$defs", "required", "enum"})
"""Keywords that may have more than before."""


def breaks(old: object, new: object, path: str = "") -> Iterator[str]:
    """Say what is no addition, by its path in the schema: `properties/mrr/required: ...`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_mappings(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(old, new, path)
    elif old != new:
        yield f"{path}: was {old!r}, is {new!r}"


def _of_mappings(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
    # Below these, keys are names of fields and definitions, and not words of JSON Schema.
    holds_names = path.rpartition("/")[2] in ADDED_TO
    ignored = frozenset() if holds_names else NOT_READ
    for key in old.keys() - ignored:
        here = f"{path}/{key}".lstrip("/")
        if key in new:
            yield from breaks(old[key], new[key], here)
        else:
            yield f"{here}: is gone"
    if not holds_names:
        yield from (f"{path}/{key}: is new" for key in new.keys() - old.keys() - ignored)


def _of_lists(old: list[Any], new: list[Any], path: str) -> Iterator[str]:
    if path.rpartition("/")[2] in ADDED_TO:
        yield from (f"{path}: {each!r} is gone" for each in old if each not in new)
    elif len(old) != len(new):
        yield f"{path}: was {old!r}, is {new!r}"
    else:
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from breaks(before, after, f"{path}/{number}")
