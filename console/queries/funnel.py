"""The way through the stages: who came into each, who went on, and after how many days.

Source: docs/console-figures.md, "Funnel". Stages are those of the settings in force, in the order
in which their rules stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from console.queries.cohorts import percent
from console.queries.periods import Period
from console.read_model.rollup_tables import stage_stays
from console.read_model.rollups import NO_STAGE
from schemas.settings import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Accounts that left a stage for another; days are whole, rounded down."""

    stage: str | None
    accounts: int
    share: str | None
    median_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStage:
    """Who came into a stage within the period, and what they did by its end.

    `converted` went on to the next stage of the funnel; `still` were there at the end.
    """

    stage: str
    entered: int
    still: int
    following: str | None
    converted: int
    converted_share: str | None
    median_days: int | None
    ways: tuple[Way, ...]


def funnel(
    connection: Connection, *, livemode: bool, stages: Sequence[str], period: Period
) -> tuple[FunnelStage, ...]:
    """Every stage in order, with those that nobody's settings name any more at the end."""
    table = stage_stays.c
    is_left = (table.next != "") & (table.day + table.days <= period.last_day)
    found = connection.execute(
        select(table.stage, table.next, table.days, is_left, func.sum(table.stays))
        .where(
            table.livemode == livemode,
            table.day >= period.first_day,
            table.day <= period.last_day,
            table.stage != NO_STAGE,
        )
        .group_by(table.stage, table.next, table.days, is_left)
    )
    entered: Counter[str] = Counter()
    left: dict[str, dict[str, Counter[int]]] = {}
    for stage, following, days, has_left, stays in found:
        entered[stage] += stays
        if has_left:
            ways = left.setdefault(stage, {})
            ways.setdefault(following, Counter())[days] += stays
    former = sorted(set(entered) - set(stages))
    nexts = dict(zip(stages, [*stages[1:], None], strict=True))
    return tuple(
        _stage(stage, nexts.get(stage), entered[stage], left.get(stage, {}))
        for stage in (*stages, *former)
    )


def stages_in_order(stages: Stages) -> tuple[str, ...]:
    """Each stage once, as the rules first name it."""
    return tuple(dict.fromkeys(rule.name for rule in stages.rules))


def median(counts: Mapping[int, int]) -> int:
    """The lower median of values that came so often each; there must be one."""
    middle = (sum(counts.values()) + 1) // 2
    for value in sorted(counts):
        middle -= counts[value]
        if middle <= 0:
            break
    return value


def _stage(
    stage: str, following: str | None, entered: int, left: Mapping[str, Mapping[int, int]]
) -> FunnelStage:
    gone = {name: sum(days.values()) for name, days in left.items()}
    converted = gone.get(following, 0) if following else 0
    return FunnelStage(
        stage=stage,
        entered=entered,
        still=entered - sum(gone.values()),
        following=following,
        converted=converted,
        converted_share=percent(converted, entered) if following else None,
        median_days=median(left[following]) if following and converted else None,
        ways=tuple(
            Way(
                stage=None if name == NO_STAGE else name,
                accounts=gone[name],
                share=percent(gone[name], entered),
                median_days=median(left[name]),
            )
            for name in sorted(gone, key=lambda name: (-gone[name], name))
        ),
    )
