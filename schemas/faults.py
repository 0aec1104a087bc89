"""Says what is wrong with a body, by field names and kinds of fault; never values.

Values may be personal, and so may keys that are no field's name, as those of metadata.
"""

from __future__ import annotations

from pydantic import ValidationError

FAULTS_MAX = 5
KEYED = frozenset(
    {"metadata", "currency_options", "mrr", "committed_mrr", "amount_due", "amounts_off"}
)
"""Fields whose keys are data."""


def faults_of(error: ValidationError) -> str:
    """Name the first faults, `items.data.0.price.id: missing; …`."""
    faults = error.errors(include_input=False, include_url=False)[:FAULTS_MAX]
    return "; ".join(f"{_place(fault['loc'])}: {fault['type']}" for fault in faults)


def _place(loc: tuple[int | str, ...]) -> str:
    words = [
        "*" if place and loc[place - 1] in KEYED else str(part) for place, part in enumerate(loc)
    ]
    return ".".join(words) or "body"
