"""Our events: what a record says of one customer, in words of no particular API version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.rows import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsSeen:
    """These objects looked like this at one moment (Stripe sends whole snapshots)."""

    at: int
    duplicate_key: str
    versions: tuple[Version[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """The clock reached a moment that was due for this customer."""

    at: int


Event = ObjectsSeen | TimePassed
