"""What checks against Stripe have proved, and when."""

from __future__ import annotations

from pydantic import BaseModel

DAY_S = 86_400


class Found(BaseModel):
    """What one check found: how many customers drifted, and how many repairs it appended."""

    at: int
    customers: int
    repairs: int


class ReconcileState(BaseModel):
    """What checks have proved. `drift_open`: customers whose repair no later check has confirmed.

    `last_full_check_at`: since that moment nothing is proved. `failed_at`: the last check broke off
    then; null when it came to its end.
    """

    last_full_check_at: int | None = None
    failed_at: int | None = None
    drift_open: int = 0
    found: list[Found] = []

    def drift_found_24h(self, at: int) -> int:
        """Customers that were found to differ in the last day."""
        return sum(each.customers for each in self.found if each.at > at - DAY_S)

    def oldest_unverified_age_s(self, at: int) -> int | None:
        """For how long nobody has looked; None when nobody ever has."""
        return None if self.last_full_check_at is None else at - self.last_full_check_at
