"""What new settings would change for every customer, as it stands now; pure, and changes nothing.

It is what a settings record would tell that announces `now`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from projections.timers import Timer, timers_of
from schemas.rows import Row
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import ContactChanged, Envelope, MrrChanged, RenewalChanged, StageChanged
from streams.restating import resettled


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """One customer by the new settings: what would be told, and which timers come and go."""

    subject: str
    is_deleted: bool
    told: tuple[Envelope, ...]
    armed: frozenset[Timer]
    dropped: frozenset[Timer]

    @property
    def is_changed(self) -> bool:
        """Whether anything changes."""
        return bool(self.told or self.armed or self.dropped)

    @property
    def stages(self) -> tuple[str | None, str | None] | None:
        """The stage before and after; None when it stays."""
        for update in self.told:
            if isinstance(update.data, StageChanged):
                return update.data.previous, update.data.stage
        return None

    @property
    def mrr(self) -> dict[str, Fraction]:
        """By how much MRR changes, in minor units by currency."""
        return {
            money: Fraction(amount.exact)
            for update in self.told
            if isinstance(update.data, MrrChanged)
            for money, amount in update.data.delta.items()
        }

    def tells(self, kind: type[RenewalChanged] | type[ContactChanged]) -> bool:
        """Whether an update of that kind would be told."""
        return any(isinstance(update.data, kind) for update in self.told)


@dataclass(slots=True)
class Rehearsal:
    """What changes, in sum: stages from and to, MRR by currency, and the rest by number.

    `customers` counts those, too, that were deleted at Stripe: their rows stay and have a stage.
    """

    customers: int = 0
    deleted: int = 0
    changed: int = 0
    stages: Counter[tuple[str, str]] = field(default_factory=Counter)
    mrr: dict[str, Fraction] = field(default_factory=dict)
    renewals: int = 0
    contacts: int = 0
    armed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, one: Rehearsed) -> None:
        """Count one customer."""
        self.customers += 1
        self.deleted += one.is_deleted
        self.changed += one.is_changed
        self.armed.update(timer.automation for timer in one.armed)
        self.dropped.update(timer.automation for timer in one.dropped)
        if one.stages:
            before, after = one.stages
            self.stages[before or "none", after or "none"] += 1
        for money, delta in one.mrr.items():
            self.mrr[money] = self.mrr.get(money, Fraction()) + delta
        self.renewals += one.tells(RenewalChanged)
        self.contacts += one.tells(ContactChanged)


def rehearsed(
    rows: Iterable[tuple[Row, SettingsInForce]], content: BusinessSettings, *, now: int
) -> Iterator[Rehearsed]:
    """Every row by new settings that would be applied at `now`, in Unix seconds.

    Args:
        rows: Each with the settings of its partition.
        content: The new rules.
        now: When they would be applied.
    """
    for row, former in rows:
        settings = former.followed_by(former.version + 1, content, at=now, announce="now")
        restated, told = resettled(row, settings)
        before, after = _armed(row, former.content), _armed(restated, content)
        yield Rehearsed(
            subject=row.subject,
            is_deleted=row.facts.deleted_at is not None,
            told=told,
            armed=after - before,
            dropped=before - after,
        )


def _armed(row: Row, content: BusinessSettings) -> frozenset[Timer]:
    return frozenset(timer for timer in timers_of(row, content) if timer.due_at is not None)
