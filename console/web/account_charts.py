"""Charts of one account: its MRR as a step line for each currency, over bands of its stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from console.queries.account import MrrPoint, StagePoint
from schemas.currencies import decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """An option for static/charts.js, and the points that it draws."""

    currency: str
    option: dict[str, Any]
    points: tuple[MrrPoint, ...]


def mrr_charts(mrr: Sequence[MrrPoint], stages: Sequence[StagePoint], *, until: int) -> list[Chart]:
    """Draw what was told up to a moment, Unix seconds."""
    return [
        _chart(currency, tuple(each for each in mrr if each.currency == currency), stages, until)
        for currency in sorted({each.currency for each in mrr})
    ]


def _chart(
    currency: str, points: tuple[MrrPoint, ...], stages: Sequence[StagePoint], until: int
) -> Chart:
    digits = decimals(currency)
    line = [[each.at * 1000, each.mrr_minor / 10**digits] for each in points]
    line.append([max(until, points[-1].at) * 1000, line[-1][1]])
    return Chart(
        currency=currency,
        points=points,
        option={
            "format": {"currency": currency.upper(), "decimals": digits},
            "xAxis": {"type": "time"},
            "yAxis": {"type": "value", "min": 0},
            "series": [
                {
                    "name": f"MRR in {currency.upper()}",
                    "type": "line",
                    "step": "end",
                    "symbol": "none",
                    "tone": "accent",
                    "areaStyle": {"opacity": 0.12},
                    "data": line,
                    "markArea": {
                        "silent": True,
                        # At its beginning and within: a short stage would be cut at the edges.
                        "label": {"position": ["4", "4"], "align": "left"},
                        "data": _bands(stages, until),
                    },
                }
            ],
        },
    )


def _bands(stages: Sequence[StagePoint], until: int) -> list[list[dict[str, Any]]]:
    ends = [*stages, StagePoint(at=max(until, stages[-1].at), stage=None)] if stages else []
    return [
        [
            {
                "name": stage.stage,
                "xAxis": stage.at * 1000,
                "itemStyle": {"opacity": 0.06 if place % 2 else 0.12},
            },
            {"xAxis": end.at * 1000},
        ]
        for place, (stage, end) in enumerate(pairwise(ends))
        if stage.stage is not None
    ]
