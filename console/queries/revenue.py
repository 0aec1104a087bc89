"""Revenue of one currency over a period: MRR, what moved it, who pays. Exact until written.

Every figure is defined in docs/console-figures.md. Currencies are never added to each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, get_args

from sqlalchemy import Connection, func, select

from console.queries.exact import Exact, total
from console.queries.periods import Period, day_name
from console.read_model.rollup_tables import mrr_days
from console.read_model.tables import account_mrr, accounts, subscriptions
from schemas.money import Amount
from schemas.updates import Movement

MOVEMENTS: tuple[Movement, ...] = get_args(Movement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step: what moved in it, by kind; MRR and paying accounts at its end.

    `restated` is the part of it that new settings or a correction told.
    """

    name: str
    first_day: str
    last_day: str
    mrr: Amount
    payers: int
    moved: dict[str, Amount]
    restated: Amount
    movements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revenue:
    """`start` and what `moved` add up to `end`; `arpa` is null where nobody pays.

    `rows` is MRR today by the accounts' rows. It differs by what moved `later`, dated after the
    period, and by accounts of which nothing is told, `pending` in number, since the MRR of one of
    their subscriptions is not known.
    """

    currency: str
    first_day: str
    last_day: str
    start: Amount
    end: Amount
    moved: dict[str, Amount]
    restated: Amount
    gained: int
    lost: int
    payers: int
    arpa: Amount | None
    points: tuple[Point, ...]
    rows: Amount
    later: Amount
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """MRR today of a stage or a plan, and how many accounts or subscriptions it is of."""

    name: str | None
    mrr: Amount
    count: int


class _Sum(NamedTuple):
    day: int
    movement: str
    is_restated: bool
    delta: Exact
    gained: int
    lost: int
    movements: int


def currencies(connection: Connection, *, livemode: bool) -> tuple[str, ...]:
    """Those in which anything was ever told, that with the most paying accounts first."""
    payers = func.sum(mrr_days.c.gained - mrr_days.c.lost)
    found = connection.execute(
        select(mrr_days.c.currency)
        .where(mrr_days.c.livemode == livemode)
        .group_by(mrr_days.c.currency)
        .order_by(payers.desc(), mrr_days.c.currency)
    )
    return tuple(found.scalars())


def earliest_day(connection: Connection, *, livemode: bool, currency: str) -> int | None:
    """The day of the first movement, since 1970."""
    first = select(func.min(mrr_days.c.day)).where(
        mrr_days.c.livemode == livemode, mrr_days.c.currency == currency
    )
    return connection.execute(first).scalar()


def revenue(connection: Connection, *, livemode: bool, currency: str, period: Period) -> Revenue:
    """Revenue of one currency over a period."""
    ever = _sums(connection, livemode=livemode, currency=currency)
    sums = [each for each in ever if each.day <= period.last_day]
    before = [each for each in sums if each.day < period.first_day]
    within = sums[len(before) :]
    start = _total(before)
    end = start + _total(within)
    payers = sum(each.gained - each.lost for each in sums)
    rows, pending = _today(connection, livemode=livemode, currency=currency)
    return Revenue(
        currency=currency,
        first_day=period.first,
        last_day=period.last,
        start=Amount.of(start),
        end=Amount.of(end),
        moved=_by_movement(within),
        restated=_restated(within),
        gained=sum(each.gained for each in within),
        lost=sum(each.lost for each in within),
        payers=payers,
        arpa=Amount.of(end / payers) if payers > 0 else None,
        points=_points(start, before, within, period),
        rows=Amount.of(rows),
        later=Amount.of(_total(ever[len(sums) :])),
        pending=pending,
    )


def mrr_by_stage(connection: Connection, *, livemode: bool, currency: str) -> tuple[Share, ...]:
    """MRR today by the stage of the accounts, the largest first."""
    table = account_mrr.c
    return _shares(
        connection.execute(
            select(table.stage, table.mrr_exact, func.count())
            .where(table.livemode == livemode, table.currency == currency)
            .group_by(table.stage, table.mrr_exact)
        ).all()
    )


def mrr_by_plan(connection: Connection, *, livemode: bool, currency: str) -> tuple[Share, ...]:
    """MRR today by the plan of the subscriptions, the largest first."""
    table = subscriptions.c
    return _shares(
        connection.execute(
            select(table.plan, table.mrr_exact, func.count())
            .where(
                table.livemode == livemode,
                table.currency == currency,
                table.mrr_exact.is_not(None),
            )
            .group_by(table.plan, table.mrr_exact)
        ).all()
    )


def _sums(connection: Connection, *, livemode: bool, currency: str) -> Sequence[_Sum]:
    table = mrr_days.c
    found = connection.execute(
        select(
            table.day,
            table.movement,
            table.is_restated,
            table.delta_exact,
            table.gained,
            table.lost,
            table.movements,
        )
        .where(table.livemode == livemode, table.currency == currency)
        .order_by(table.day)
    )
    return [
        _Sum(day, movement, restated, Exact.read(delta), *counts)
        for day, movement, restated, delta, *counts in found
    ]


def _today(connection: Connection, *, livemode: bool, currency: str) -> tuple[Fraction, int]:
    table = account_mrr.c
    amounts = connection.execute(
        select(table.mrr_exact, func.count())
        .where(table.livemode == livemode, table.currency == currency)
        .group_by(table.mrr_exact)
    )
    pending = select(func.count()).where(accounts.c.livemode == livemode, accounts.c.pending > 0)
    whole = sum((Fraction(exact) * count for exact, count in amounts), Fraction())
    return whole, connection.execute(pending).scalar_one()


def _points(
    start: Fraction, before: Sequence[_Sum], within: Sequence[_Sum], period: Period
) -> tuple[Point, ...]:
    mrr, payers = start, sum(each.gained - each.lost for each in before)
    points, rest = [], list(reversed(within))
    for part in period.parts:
        moved: list[_Sum] = []
        while rest and rest[-1].day <= part.last_day:
            moved.append(rest.pop())
        mrr += _total(moved)
        payers += sum(each.gained - each.lost for each in moved)
        points.append(
            Point(
                name=part.name,
                first_day=day_name(part.first_day),
                last_day=day_name(part.last_day),
                mrr=Amount.of(mrr),
                payers=payers,
                moved=_by_movement(moved),
                restated=_restated(moved),
                movements=sum(each.movements for each in moved),
            )
        )
    return tuple(points)


def _total(sums: Iterable[_Sum]) -> Fraction:
    return total(each.delta for each in sums)


def _restated(sums: Iterable[_Sum]) -> Amount:
    return Amount.of(total(each.delta for each in sums if each.is_restated))


def _by_movement(sums: Iterable[_Sum]) -> dict[str, Amount]:
    deltas: dict[str, list[Exact]] = {movement: [] for movement in MOVEMENTS}
    for each in sums:
        deltas.setdefault(each.movement, []).append(each.delta)
    return {movement: Amount.of(total(found)) for movement, found in deltas.items()}


def _shares(found: Sequence[Any]) -> tuple[Share, ...]:
    totals: dict[str | None, Fraction] = defaultdict(Fraction)
    counts: dict[str | None, int] = defaultdict(int)
    for name, exact, count in found:
        amount = Fraction(exact)
        if amount:
            totals[name] += amount * count
            counts[name] += count
    ordered = sorted(totals, key=lambda name: (-totals[name], name or ""))
    return tuple(
        Share(name=name, mrr=Amount.of(totals[name]), count=counts[name]) for name in ordered
    )
