"""What a rehearsal of new settings has found: in sum, and customer by customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import Connection, select

from console.read_model.tables import accounts
from console.read_model.writes import chunks
from schemas.currencies import decimals
from schemas.money import Amount
from schemas.settings import BusinessSettings
from schemas.updates import ContactChanged, RenewalChanged
from streams.rehearsal import Rehearsal, Rehearsed

NAMED_MAX = 10_000
"""Customers that are named, of each mode, those with the largest change of MRR; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One customer that changes. `mrr` is by how much, in minor units by currency."""

    subject: str
    is_deleted: bool
    before: str | None
    after: str | None
    moves: bool
    mrr: dict[str, int]
    renewal: bool
    contact: bool
    armed: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def largest(self) -> Decimal:
        """By how much MRR changes at most, up or down, in whole units of whichever currency."""
        units = (Decimal(abs(delta)).scaleb(-decimals(money)) for money, delta in self.mrr.items())
        return max(units, default=Decimal())


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """How many customers move from one stage to another; `none` is no stage."""

    before: str
    after: str
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """All customers of one mode. `mrr` in minor units by currency, timers by automation.

    `deleted` are among `customers`: their rows stay, and have a stage.
    """

    customers: int
    deleted: int
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
        if one.is_changed:
            named.append(_moved(one))
        if len(named) >= 2 * NAMED_MAX:
            _keep_largest(named)

    def finish(self, at: int) -> None:
        """All customers are in it, as of that time in Unix seconds."""
        self.finished_at = at
        for named in self.moved.values():
            _keep_largest(named)

    def sum(self, *, livemode: bool) -> Sum:
        """What changes in one mode."""
        found = self._sums[livemode]
        return Sum(
            customers=found.customers,
            deleted=found.deleted,
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
        self,
        connection: Connection,
        *,
        livemode: bool,
        before: str | None = None,
        after: str | None = None,
    ) -> list[Moved]:
        """Those that change, or only those that move from one stage to another.

        The largest change of MRR first, then by name as the read model of `connection` has it.
        """
        chosen = [
            each
            for each in self.moved[livemode]
            if (before is None or (each.moves and (each.before or "none") == before))
            and (after is None or (each.moves and (each.after or "none") == after))
        ]
        names: dict[str, str] = {}
        for some in chunks(each.subject for each in chosen):
            asked = select(accounts.c.subject, accounts.c.sort_name)
            found = connection.execute(asked.where(accounts.c.subject.in_(some)))
            names.update({row.subject: row.sort_name for row in found})
        return sorted(
            chosen, key=lambda it: (-it.largest, names.get(it.subject, it.subject), it.subject)
        )


def _keep_largest(named: list[Moved]) -> None:
    named.sort(key=lambda each: (-each.largest, each.subject))
    del named[NAMED_MAX:]


def _moved(one: Rehearsed) -> Moved:
    before, after = one.stages or (None, None)
    return Moved(
        subject=one.subject,
        is_deleted=one.is_deleted,
        before=before,
        after=after,
        moves=one.stages is not None,
        mrr={currency: Amount.of(delta).amount_minor for currency, delta in one.mrr.items()},
        renewal=one.tells(RenewalChanged),
        contact=one.tells(ContactChanged),
        armed=tuple(sorted(timer.automation for timer in one.armed)),
        dropped=tuple(sorted(timer.automation for timer in one.dropped)),
    )
