"""Says what is wrong with a body, by field names and kinds of fault; never values.

Values may be personal, and so may the keys of metadata, which are free text.
"""

from __future__ import annotations

from pydantic import ValidationError

FAULTS_MAX = 5


def faults_of(error: ValidationError) -> str:
    """Name the first faults, `items.data.0.price.id: missing; …`."""
    faults = error.errors(include_input=False, include_url=False)[:FAULTS_MAX]
    return "; ".join(f"{_place(fault['loc'])}: {fault['type']}" for fault in faults)


def _place(loc: tuple[int | str, ...]) -> str:
    words = [str(part) for part in loc]
    if "metadata" in words:
        words = [*words[: words.index("metadata") + 1], "*"]
    return ".".join(words) or "body"
