"""Retention of one currency: cohorts by the month of the first movement, and rates by month.

Every figure is defined in docs/console-figures.md. Shares are percentages with one decimal, as
text, rounded half to even; null where there is nothing to be a share of, or where it is not known
who had been there (`is_known`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Connection, select

from console.queries.exact import Exact, total
from console.queries.periods import MONTHS, month_name, month_of
from console.read_model.rollup_tables import mrr_cohorts
from schemas.money import Amount

COHORTS_MAX = 24
KEPT = frozenset({"expansion", "contraction", "churn", "reactivation", "currency_change"})
"""What moves MRR of accounts that had come before: net retention counts it."""
LOST = frozenset({"contraction", "churn"})
"""What gross retention counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMonth:
    """A cohort at the end of a month; `offset` 0 is the month in which it came."""

    offset: int
    payers: int
    payers_share: str | None
    mrr: Amount
    mrr_share: str | None
    is_partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Accounts whose first movement was in one month, and what became of them."""

    month: str
    is_known: bool
    accounts: int
    months: tuple[CohortMonth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionMonth:
    """What the accounts that had come before a month (or before twelve) did within it.

    `net` and `gross` are MRR retention, `churn` is the share of paying accounts that ceased to pay.
    """

    month: str
    is_partial: bool
    is_known: bool
    start: Amount
    payers: int
    lost: int
    net: str | None
    gross: str | None
    churn: str | None
    net_year: str | None
    gross_year: str | None


class _Sum(NamedTuple):
    cohort: int
    month: int
    movement: str
    delta: Exact
    gained: int
    lost: int
    accounts: int


def cohorts(
    connection: Connection,
    *,
    livemode: bool,
    currency: str,
    this_month: int,
    since: int | None = None,
) -> tuple[Cohort, ...]:
    """The newest cohorts, oldest first, each to the present month. `since`: see `known_since`."""
    by_cohort: dict[int, list[_Sum]] = defaultdict(list)
    for each in _sums(connection, livemode=livemode, currency=currency):
        by_cohort[each.cohort].append(each)
    newest = sorted(cohort for cohort in by_cohort if cohort <= this_month)[-COHORTS_MAX:]
    return tuple(
        _cohort(cohort, by_cohort[cohort], this_month, is_known=_is_whole(cohort, since))
        for cohort in newest
    )


def retention(
    connection: Connection,
    *,
    livemode: bool,
    currency: str,
    this_month: int,
    months: int = MONTHS,
    since: int | None = None,
) -> tuple[RetentionMonth, ...]:
    """The last months, oldest first, the present one at the end; none before anything was told.

    `since`: see `known_since`.
    """
    sums = _sums(connection, livemode=livemode, currency=currency)
    first = min((each.month for each in sums), default=this_month + 1)
    return tuple(
        _retention(
            sums,
            month,
            is_partial=month == this_month,
            is_known=_is_whole(month, since),
            has_year=month - MONTHS >= first and _is_whole(month - MONTHS + 1, since),
        )
        for month in range(max(first + 1, this_month - months + 1), this_month + 1)
    )


def percent(part: Fraction | int, whole: Fraction | int) -> str | None:
    """The share of a whole that is more than nothing, `"97.3"`."""
    if whole <= 0:
        return None
    return f"{Decimal(round(Fraction(part) * 1000 / Fraction(whole))).scaleb(-1):.1f}"


def _is_whole(month: int, since: int | None) -> bool:
    """Whether a month began when all accounts were connected."""
    return since is None or month > month_of(since - 1)


def _sums(connection: Connection, *, livemode: bool, currency: str) -> Sequence[_Sum]:
    table = mrr_cohorts.c
    found = connection.execute(
        select(
            table.cohort,
            table.month,
            table.movement,
            table.delta_exact,
            table.gained,
            table.lost,
            table.accounts,
        ).where(table.livemode == livemode, table.currency == currency)
    )
    return [
        _Sum(cohort, month, movement, Exact.read(delta), *counts)
        for cohort, month, movement, delta, *counts in found
    ]


def _cohort(cohort: int, sums: Sequence[_Sum], this_month: int, *, is_known: bool) -> Cohort:
    accounts = sum(each.accounts for each in sums)
    deltas: dict[int, list[Exact]] = defaultdict(list)
    payers: dict[int, int] = defaultdict(int)
    for each in sums:
        deltas[each.month].append(each.delta)
        payers[each.month] += each.gained - each.lost
    months: list[CohortMonth] = []
    mrr, first_mrr, paying = Fraction(), total(deltas[cohort]), 0
    for month in range(cohort, this_month + 1):
        mrr += total(deltas[month])
        paying += payers[month]
        months.append(
            CohortMonth(
                offset=month - cohort,
                payers=paying,
                payers_share=percent(paying, accounts) if is_known else None,
                mrr=Amount.of(mrr),
                mrr_share=percent(mrr, first_mrr) if is_known else None,
                is_partial=month == this_month,
            )
        )
    return Cohort(
        month=month_name(cohort), is_known=is_known, accounts=accounts, months=tuple(months)
    )


def _retention(
    sums: Iterable[_Sum], month: int, *, is_partial: bool, is_known: bool, has_year: bool
) -> RetentionMonth:
    start, net, gross, payers, lost = _kept(sums, month, month)
    year_start, year_net, year_gross, _, _ = _kept(sums, month - MONTHS + 1, month)
    return RetentionMonth(
        month=month_name(month),
        is_partial=is_partial,
        is_known=is_known,
        start=Amount.of(start),
        payers=payers,
        lost=lost,
        net=percent(net, start) if is_known else None,
        gross=percent(max(gross, Fraction()), start) if is_known else None,
        churn=percent(lost, payers) if is_known else None,
        net_year=percent(year_net, year_start) if has_year else None,
        gross_year=percent(max(year_gross, Fraction()), year_start) if has_year else None,
    )


def _kept(
    sums: Iterable[_Sum], first: int, last: int
) -> tuple[Fraction, Fraction, Fraction, int, int]:
    """MRR at the start of a month; what is left of it at the end of another, net and gross.

    And how many accounts paid at that start, and how often one of the accounts ceased to.
    """
    start: list[Exact] = []
    net: list[Exact] = []
    gross: list[Exact] = []
    payers = lost = 0
    for each in sums:
        if each.month < first:
            start.append(each.delta)
            payers += each.gained - each.lost
        elif each.month <= last and each.cohort < first:
            net += [each.delta] * (each.movement in KEPT)
            gross += [each.delta] * (each.movement in LOST)
            lost += each.lost
    begin = total(start)
    return begin, begin + total(net), begin + total(gross), payers, lost
