"""All that the page Revenue shows, for one currency: the chosen one, else that of most payers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from console.queries.cohorts import Cohort, RetentionMonth, cohorts, retention
from console.queries.funnel import FunnelStage, funnel, stages_in_order
from console.queries.in_force import settings_in_force
from console.queries.known_since import known_since
from console.queries.periods import DAY_S, Period, day_name, month_of, period
from console.queries.revenue import (
    Revenue,
    Share,
    currencies,
    earliest_day,
    mrr_by_plan,
    mrr_by_stage,
    revenue,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was chosen, as text; empty for what suits."""

    currency: str = ""
    span: str = "12m"
    step: str = ""
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenuePage:
    """Revenue of a period, and MRR of today by stage and plan; null where nothing was ever told.

    `known_since` is the day before which nobody knows who ceased to pay; null for none.
    """

    currencies: tuple[str, ...]
    known_since: str | None
    period: Period
    revenue: Revenue | None
    by_stage: tuple[Share, ...]
    by_plan: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortsPage:
    """Cohorts and retention to the present month; empty where nothing was ever told.

    `known_since` is the day before which there is no share.
    """

    currency: str | None
    known_since: str | None
    cohorts: tuple[Cohort, ...]
    retention: tuple[RetentionMonth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelPage:
    """The stages in the order of the rules in force."""

    period: Period
    settings_version: int
    stages: tuple[FunnelStage, ...]


def revenue_page(
    connection: Connection, asked: Asked, *, livemode: bool, now: float
) -> RevenuePage:
    """Revenue of a period.

    Raises:
        BadPeriodError: There is no such period.
    """
    known, currency = currency_of(connection, asked, livemode=livemode)
    chosen = period_of(connection, asked, currency=currency, livemode=livemode, now=now)
    if currency is None:
        return RevenuePage(
            currencies=known,
            known_since=None,
            period=chosen,
            revenue=None,
            by_stage=(),
            by_plan=(),
        )
    since = known_since(connection, livemode=livemode, currency=currency)
    return RevenuePage(
        currencies=known,
        known_since=_day(since),
        period=chosen,
        revenue=revenue(connection, livemode=livemode, currency=currency, period=chosen),
        by_stage=mrr_by_stage(connection, livemode=livemode, currency=currency),
        by_plan=mrr_by_plan(connection, livemode=livemode, currency=currency),
    )


def cohorts_page(
    connection: Connection, *, livemode: bool, currency: str, now: float
) -> CohortsPage:
    """Cohorts and retention of a currency."""
    _, chosen = currency_of(connection, Asked(currency=currency), livemode=livemode)
    if chosen is None:
        return CohortsPage(currency=None, known_since=None, cohorts=(), retention=())
    since = known_since(connection, livemode=livemode, currency=chosen)
    this_month = month_of(now)
    return CohortsPage(
        currency=chosen,
        known_since=_day(since),
        cohorts=cohorts(
            connection, livemode=livemode, currency=chosen, this_month=this_month, since=since
        ),
        retention=retention(
            connection, livemode=livemode, currency=chosen, this_month=this_month, since=since
        ),
    )


def funnel_page(connection: Connection, asked: Asked, *, livemode: bool, now: float) -> FunnelPage:
    """The funnel of a period; all currencies together, for it counts accounts.

    Raises:
        BadPeriodError: There is no such period.
    """
    _, currency = currency_of(connection, asked, livemode=livemode)
    chosen = period_of(connection, asked, currency=currency, livemode=livemode, now=now)
    in_force = settings_in_force(connection)
    stages = stages_in_order(in_force.content.stages)
    return FunnelPage(
        period=chosen,
        settings_version=in_force.version,
        stages=funnel(connection, livemode=livemode, stages=stages, period=chosen),
    )


def period_of(
    connection: Connection, asked: Asked, *, currency: str | None, livemode: bool, now: float
) -> Period:
    """The period that was chosen.

    Raises:
        BadPeriodError: There is no such period.
    """
    earliest = None
    if currency is not None:
        earliest = earliest_day(connection, livemode=livemode, currency=currency)
    return period(
        asked.span,
        now=now,
        earliest_day=earliest,
        step=asked.step,
        first=asked.first,
        last=asked.last,
    )


def currency_of(
    connection: Connection, asked: Asked, *, livemode: bool
) -> tuple[tuple[str, ...], str | None]:
    """All currencies, and the one that is shown."""
    known = currencies(connection, livemode=livemode)
    return known, asked.currency if asked.currency in known else next(iter(known), None)


def _day(since: int | None) -> str | None:
    return None if since is None else day_name(since // DAY_S)
