"""The customer's whole life as a payer: over all its subscriptions, from their timelines."""

from __future__ import annotations

from collections.abc import Iterator

from projections.timeline import timeline
from schemas.rows import Facts
from schemas.standing import LifetimeView

OPEN_END = 2**63
"""Later than any time there is: the end of what still lasts."""


def lifetime_of(facts: Facts) -> LifetimeView:
    """Say when the customer began to pay, stopped and came back.

    It pays while at least one subscription is `active` or `past_due` and costs something by its
    list price. Where one ends in the second in which another begins, it never stopped.
    """
    paid = list(_joined(sorted(_paid(facts))))
    return LifetimeView(
        started_at=paid[0][0] if paid else None,
        churned_at=tuple(end for _, end in paid if end < OPEN_END),
        reactivated_at=tuple(begin for begin, _ in paid[1:]),
    )


def _paid(facts: Facts) -> Iterator[tuple[int, int]]:
    for entry in facts.subscriptions.values():
        for span in timeline(entry):
            until = OPEN_END if span.until is None else span.until
            if span.is_paying and span.at < until:
                yield span.at, until


def _joined(stretches: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join what overlaps or touches; `stretches` are in order of their begin."""
    held: tuple[int, int] | None = None
    for begin, end in stretches:
        if held and begin <= held[1]:
            held = (held[0], max(held[1], end))
            continue
        if held:
            yield held
        held = (begin, end)
    if held:
        yield held
