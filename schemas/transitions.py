"""A transition: what a record did to one customer, as the projections see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.rows import Announced, Facts
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Facts before and after one record, what had been announced, and the rules in force.

    Args:
        subject: The row's.
        in_force: Since when each automation reads as it does.
        standing: What facts and rules say after the record.
        connected_at: For what was fetched: since when events come by themselves. What began before
            was there already, and is no news. None where that is not known, as for events.
        now: The log's time, for whether a moment comes late.
        clock: The test clock that the customer lives by: then `now` is its time.
        common: The fields that all updates of this record share, `index` left out.
    """

    before: Facts
    after: Facts
    announced: Announced
    subject: str
    in_force: SettingsInForce
    standing: Standing
    effective_at: int
    connected_at: int | None
    now: int
    clock: str | None
    common: dict[str, Any]

    @property
    def settings(self) -> BusinessSettings:
        """What the user decided."""
        return self.in_force.content
