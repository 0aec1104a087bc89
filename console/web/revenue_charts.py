"""Options of ECharts for the page Revenue; for drawing only, the tables beside them are exact.

See static/charts.js for what is added to ECharts' own words. Numbers here are floats for a canvas:
no figure is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from console.queries.cohorts import Cohort
from console.queries.funnel import FunnelStage
from console.queries.revenue import Revenue, Share
from console.web.filters import day_words, month_words
from schemas.currencies import decimals

Option = dict[str, Any]
TONES = {
    "new": "chart-new",
    "expansion": "chart-expansion",
    "reactivation": "chart-reactivation",
    "contraction": "chart-contraction",
    "churn": "chart-churn",
}
SHARES_MAX = 12
BAR_PX = 26
NAME_PX = 120


def mrr_line(found: Revenue) -> Option:
    """MRR at the end of each step, an area."""
    return {
        "format": _money(found.currency),
        "xAxis": {"type": "category", "data": _steps(found)},
        "yAxis": {"type": "value"},
        "series": [
            {
                "name": "MRR",
                "type": "line",
                "tone": "accent",
                "symbol": "none",
                "areaStyle": {"opacity": 0.12},
                "data": [_drawn(each.mrr.amount_minor, found.currency) for each in found.points],
            }
        ],
    }


def movement_bars(found: Revenue, words: Mapping[str, str]) -> Option:
    """What moved MRR in each step, stacked: gains above the line, losses below it."""
    return {
        "format": _money(found.currency),
        "legend": {},
        "xAxis": {"type": "category", "data": _steps(found)},
        "yAxis": {"type": "value"},
        "series": [
            {
                "name": words[kind],
                "type": "bar",
                "stack": "movements",
                "tone": tone,
                "data": [
                    _drawn(each.moved[kind].amount_minor, found.currency) for each in found.points
                ],
            }
            for kind, tone in TONES.items()
        ],
    }


def share_bars(shares: Sequence[Share], currency: str, nameless: str) -> Option:
    """MRR of each, the largest on top."""
    shown = list(reversed(shares[:SHARES_MAX]))
    return {
        "format": _money(currency),
        "pixels": max(len(shown), 2) * BAR_PX + 40,
        "xAxis": {"type": "value", "splitNumber": 3},
        "yAxis": {
            "type": "category",
            "data": [each.name or nameless for each in shown],
            "axisLabel": {"width": NAME_PX, "overflow": "truncate"},
        },
        "series": [
            {
                "name": "MRR",
                "type": "bar",
                "tone": "accent",
                "data": [_drawn(each.mrr.amount_minor, currency) for each in shown],
            }
        ],
    }


def funnel(stages: Sequence[FunnelStage]) -> Option:
    """How many came into each stage, in its order, and what share of them went on."""
    return {
        "format": {"decimals": 0},
        "pixels": max(len(stages), 2) * BAR_PX + 40,
        "grid": {"left": 8, "right": 150, "top": 12, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "splitNumber": 3, "minInterval": 1},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [each.stage for each in stages],
            "axisLabel": {"width": NAME_PX, "overflow": "truncate"},
        },
        "series": [
            {
                "name": "Came in",
                "type": "bar",
                "tone": "accent",
                "label": {"show": True, "position": "right"},
                "data": [
                    {"value": each.entered, "label": {"formatter": _went_on(each)}}
                    for each in stages
                ],
            }
        ],
    }


def _went_on(stage: FunnelStage) -> str:
    if stage.converted_share is None:
        return f"{stage.entered:,}"
    return f"{stage.entered:,}, {stage.converted_share} % went on"


def heat_map(cohorts: Sequence[Cohort]) -> Option:
    """What share of each cohort's accounts paid at the end of each month."""
    longest = max((len(each.months) for each in cohorts), default=0)
    return {
        "format": {"decimals": 1, "suffix": " %"},
        "pixels": max(len(cohorts), 2) * BAR_PX + 50,
        "tooltip": {"trigger": "item"},
        "visualMap": {"min": 0, "max": 100, "dimension": 2},
        "xAxis": {
            "type": "category",
            "position": "top",
            "data": [str(offset) for offset in range(longest)],
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [month_words(each.month) for each in cohorts],
        },
        "series": [
            {
                "name": "Paying accounts",
                "type": "heatmap",
                "label": {"show": longest <= SHARES_MAX + 1},
                "data": [
                    [month.offset, row, float(month.payers_share)]
                    for row, each in enumerate(cohorts)
                    for month in each.months
                    if month.payers_share is not None
                ],
            }
        ],
    }


def _steps(found: Revenue) -> list[str]:
    """Names of the steps: months, or the first days of days and weeks."""
    names = [each.name for each in found.points]
    return [month_words(it) if len(it) == len("2026-11") else day_words(it) for it in names]


def _money(currency: str) -> dict[str, Any]:
    return {"currency": currency.upper(), "decimals": decimals(currency)}


def _drawn(amount_minor: int, currency: str) -> float:
    return float(Decimal(amount_minor).scaleb(-decimals(currency)))
