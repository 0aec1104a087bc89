"""What each MRR preset makes of all customers together, counted anew from their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from sqlalchemy import Connection, func, select

from console.jobs import Job
from console.read_model.tables import account_rows, accounts
from schemas.money import Amount
from schemas.settings import BusinessSettings, Mrr
from schemas.standing import MrrView
from streams.event_files import Found
from streams.mrr.answers import answers

CHUNK = 500
"""Rows held at once; each has in it all that its MRR is counted from."""
IN_FORCE = "in force"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetTotal:
    """What one preset says of one currency.

    Attributes:
        name: Of the preset, or `in force`: the preset that is in force, with its switches.
        difference_minor: From what is in force.
        customers: How many have another MRR by it than by what is in force.
    """

    name: str
    currency: str
    total_minor: int
    total_exact: str
    difference_minor: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Presets:
    """All presets, for each currency; `unknown` customers miss an input and are left out."""

    customers: int
    unknown: int
    totals: tuple[PresetTotal, ...]


@dataclass(slots=True)
class _Sums:
    totals: defaultdict[tuple[str, str], Fraction]
    differing: defaultdict[tuple[str, str], int]
    customers: int = 0
    unknown: int = 0

    def add(self, own: MrrView, others: Mapping[str, MrrView]) -> None:
        """Count one customer."""
        self.customers += 1
        if own.pending or any(each.pending for each in others.values()):
            self.unknown += 1
            return
        for name, view in {IN_FORCE: own, **others}.items():
            for currency, amount in view.total.items():
                self.totals[currency, name] += amount
                self.differing[currency, name] += amount != own.total.get(currency, 0)


def presets(
    connection: Connection, settings: BusinessSettings, *, livemode: bool, job: Job | None = None
) -> Presets:
    """Count every customer that is not deleted by each preset, as of the time of its row.

    Args:
        connection: Of the read model.
        settings: What is in force, or is to be.
        livemode: Whose.
        job: Told how far it is.
    """
    chosen = (accounts.c.livemode == livemode) & accounts.c.deleted_at.is_(None)
    total = connection.scalar(select(func.count()).select_from(accounts).where(chosen)) or 0
    asked = select(account_rows.c.row).join(accounts, accounts.c.subject == account_rows.c.subject)
    rows = iter(connection.execution_options(yield_per=CHUNK).execute(asked.where(chosen)))
    sums = _Sums(defaultdict(Fraction), defaultdict(int))
    plain = settings.model_copy(update={"mrr": Mrr(preset=settings.mrr.preset)})
    while chunk := [Found(place="row", body=row.encode()) for (row,) in islice(rows, CHUNK)]:
        found = list(answers(chunk, settings, at=None, now=0))
        # The preset in force is told as it is without its switches, too.
        of_plain = found if plain == settings else answers(chunk, plain, at=None, now=0)
        for each, without in zip(found, of_plain, strict=True):
            sums.add(each.view, {**each.others, settings.mrr.preset: without.view})
        if job:
            job.progress(sums.customers, total)
    return Presets(customers=sums.customers, unknown=sums.unknown, totals=tuple(_totals(sums)))


def _totals(sums: _Sums) -> Iterable[PresetTotal]:
    for currency, name in sorted(sums.totals):
        amount = Amount.of(sums.totals[currency, name])
        own = Amount.of(sums.totals[currency, IN_FORCE])
        yield PresetTotal(
            name=name,
            currency=currency,
            total_minor=amount.amount_minor,
            total_exact=amount.exact,
            difference_minor=amount.amount_minor - own.amount_minor,
            customers=sums.differing[currency, name],
        )
