"""Our events: what a record says of one customer, in words of no particular API version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.rows import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsSeen:
    """These objects looked like this at one moment (Stripe sends whole snapshots).

    `clock_at` is when that was by the customer's test clock; None for a customer without one.
    `is_fetched` says that we asked for them, and nothing need have happened.
    """

    at: int
    duplicate_key: str
    versions: tuple[Version[Any], ...]
    clock_at: int | None = None
    is_fetched: bool = False

    @property
    def happened_at(self) -> int:
        """When it was for the customer. Sightings are ordered by `at` all the same."""
        return self.at if self.clock_at is None else self.clock_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """The clock reached a moment that was due for this customer."""

    at: int


Event = ObjectsSeen | TimePassed
