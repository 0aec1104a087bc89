"""What a rehearsal of new settings has found: in sum, and customer by customer."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.money import Amount
from schemas.settings import BusinessSettings
from schemas.updates import ContactChanged, RenewalChanged
from streams.rehearsal import Rehearsal, Rehearsed

NAMED_MAX = 10_000
"""Customers that are named, of each mode; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One customer that changes. `mrr` is by how much, in minor units by currency."""

    subject: str
    before: str | None
    after: str | None
    moves: bool
    mrr: dict[str, int]
    renewal: bool
    contact: bool
    armed: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """How many customers move from one stage to another; `none` is no stage."""

    before: str
    after: str
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """All customers of one mode. `mrr` in minor units by currency, timers by automation."""

    customers: int
    changed: int
    moved: int
    moves: tuple[StageMove, ...]
    mrr: dict[str, int]
    renewals: int
    contacts: int
    armed: dict[str, int]
    dropped: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Result:
    """A rehearsal of exactly this content over exactly that version.

    Attributes:
        base_version: In force when it began; applying is refused when it is not any more.
        finished_at: Unix seconds: as of when all this is.
        sums, moved: By livemode.
    """

    content: BusinessSettings
    hash: str
    base_version: int
    finished_at: int = 0
    _sums: dict[bool, Rehearsal] = field(
        default_factory=lambda: {True: Rehearsal(), False: Rehearsal()}
    )
    moved: dict[bool, list[Moved]] = field(default_factory=lambda: {True: [], False: []})

    def add(self, one: Rehearsed) -> None:
        """Take one customer in."""
        livemode = one.subject.split("/")[2] == "live"
        self._sums[livemode].add(one)
        named = self.moved[livemode]
        if one.is_changed and len(named) < NAMED_MAX:
            named.append(_moved(one))

    def sum(self, *, livemode: bool) -> Sum:
        """What changes in one mode."""
        found = self._sums[livemode]
        return Sum(
            customers=found.customers,
            changed=found.changed,
            moved=found.stages.total(),
            moves=tuple(
                StageMove(before=before, after=after, customers=customers)
                for (before, after), customers in found.stages.most_common()
            ),
            mrr={
                currency: Amount.of(delta).amount_minor
                for currency, delta in sorted(found.mrr.items())
            },
            renewals=found.renewals,
            contacts=found.contacts,
            armed=dict(sorted(found.armed.items())),
            dropped=dict(sorted(found.dropped.items())),
        )

    def named(
        self, *, livemode: bool, before: str | None = None, after: str | None = None
    ) -> list[Moved]:
        """Those that change, or only those that move from one stage to another."""
        return [
            each
            for each in self.moved[livemode]
            if (before is None or (each.moves and (each.before or "none") == before))
            and (after is None or (each.moves and (each.after or "none") == after))
        ]


def _moved(one: Rehearsed) -> Moved:
    before, after = one.stages or (None, None)
    return Moved(
        subject=one.subject,
        before=before,
        after=after,
        moves=one.stages is not None,
        mrr={currency: Amount.of(delta).amount_minor for currency, delta in one.mrr.items()},
        renewal=one.tells(RenewalChanged),
        contact=one.tells(ContactChanged),
        armed=tuple(sorted(timer.automation for timer in one.armed)),
        dropped=tuple(sorted(timer.automation for timer in one.dropped)),
    )
