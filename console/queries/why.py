"""Why an account has the MRR and the stage that it has, by its row and the settings."""

from __future__ import annotations

from dataclasses import dataclass

from projections.mrr.words import CAVEATS, PENDING
from schemas.customer_row import CustomerRow
from schemas.settings import BusinessSettings
from streams.event_files import Found
from streams.mrr.answers import answers
from streams.mrr.why import why


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A subscription and a sentence about it."""

    subscription: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyMrr:
    """The steps to the MRR, as `subfold mrr` says them; `missing` is why there is none.

    `as_of` is the row's time, by which discounts and trials are judged; `presets` what the rule
    sets come to that the settings do not name, exact text per currency, or None while unknown.
    """

    as_of: str
    preset: str
    settings_version: int
    steps: tuple[str, ...]
    missing: tuple[Explained, ...]
    caveats: tuple[Explained, ...]
    presets: dict[str, dict[str, int] | None]


def why_mrr(row: CustomerRow, settings: BusinessSettings) -> WhyMrr:
    """Work the MRR of a row out once more, and say every step."""
    body = row.model_dump_json().encode()
    [answer] = answers([Found(place=row.subject, body=body)], settings, at=None, now=0)
    return WhyMrr(
        as_of=row.as_of,
        preset=settings.mrr.preset,
        settings_version=row.settings_version,
        steps=tuple(why(answer)),
        missing=tuple(
            Explained(subscription=each, sentence=PENDING[word])
            for each, word in sorted(answer.view.pending.items())
        ),
        caveats=tuple(
            Explained(subscription=each, sentence=CAVEATS[word])
            for each, words in answer.view.caveats.items()
            for word in words
        ),
        presets={
            name: None
            if view.pending
            else {currency: round(value) for currency, value in sorted(view.total.items())}
            for name, view in answer.others.items()
        },
    )
