"""Answers each line of `subfold mrr`: the amounts, what is missing, and what other presets say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from projections.mrr import view_of, workings_of
from projections.mrr.rules import PRESETS
from projections.mrr.workings import Working
from schemas.money import written
from schemas.settings import BusinessSettings, Mrr
from schemas.standing import MrrView
from schemas.times import iso
from streams.event_files import Found
from streams.mrr.gathered import Gathered
from streams.mrr.lines import Line, read_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one line is worth a month, at `at`, by `settings`.

    Args:
        workings: How each of its subscriptions comes about.
        others: What the presets say that `settings` does not name, as they are, by name.
    """

    line: Line
    at: int
    settings: BusinessSettings
    workings: tuple[Working, ...]
    view: MrrView
    others: Mapping[str, MrrView]

    @property
    def unknown(self) -> str | None:
        """Why there is no amount: a word of `PENDING`, or what is wrong with the line."""
        return self.line.fault or self.line.about or missing_of(self.view)

    def as_json(self, why: list[str]) -> dict[str, Any]:
        """The line of `--json`; its keys are a contract, see docs/mrr.md."""
        return {
            "id": self.line.id,
            "at": iso(self.at),
            "preset": self.settings.mrr.preset,
            **_told(self.view, self.unknown),
            "why": why,
            "caveats": sorted({word for words in self.view.caveats.values() for word in words}),
            "others": {
                name: _told(view, self.line.fault or self.line.about or missing_of(view))
                for name, view in self.others.items()
            },
        }


def answers(
    inputs: Iterable[Found], settings: BusinessSettings, *, at: int | None, now: int
) -> Iterator[Answer]:
    """Answer every line, in order, with what all of them say together.

    Args:
        inputs: Lines as they were found.
        settings: The rules; the other presets are asked for comparison.
        at: The time asked for; each line's own when None.
        now: The time of a line that has none.
    """
    lines = [read_line(found, now if at is None else at) for found in inputs]
    gathered = Gathered()
    for line in lines:
        gathered.add(line)
    presets = {
        name: settings.model_copy(update={"mrr": Mrr.model_validate({"preset": name})})
        for name in PRESETS
        if name != settings.mrr.preset
    }
    for line in lines:
        own = now if line.at is None else line.at
        facts = gathered.facts_of(line, own if at is None else at)
        workings = tuple(workings_of(facts, settings))
        yield Answer(
            line=line,
            at=facts.at,
            settings=settings,
            workings=workings,
            view=view_of(workings),
            others={name: view_of(workings_of(facts, other)) for name, other in presets.items()},
        )


def missing_of(view: MrrView) -> str | None:
    """The word for what is missing, of the first subscription by id that misses something."""
    return view.pending[min(view.pending)] if view.pending else None


def _told(view: MrrView, unknown: str | None) -> dict[str, Any]:
    amounts = {} if unknown else written(view.total)
    return {
        "mrr": {currency: amount.model_dump() for currency, amount in amounts.items()},
        "unknown": unknown,
    }
