"""A transition: what a record did to one customer, as the projections see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.rows import Announced, Facts
from schemas.settings import BusinessSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Facts before and after one record, what had been announced, and the rules in force.

    `common` holds the fields that all updates of this record share, `index` left out.
    """

    before: Facts
    after: Facts
    announced: Announced
    settings: BusinessSettings
    effective_at: int
    common: dict[str, Any]
