"""What many addresses of the API take in the same way."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

Mode = Annotated[Literal["live", "test"], Query(description="Live customers, or those of tests.")]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=10_000, description="After how many of them to begin.")]
Currency = Annotated[
    str,
    Query(pattern="^([a-z]{3})?$", description="Three small letters."),
]
