"""`evolve(facts, event) -> facts`: total, pure, and blind to the order and repetition of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from schemas.events import CustomerSeen, Event, SubscriptionSeen, TimePassed
from schemas.rows import Facts, SubscriptionFacts
from streams.fold.order import join

SEEN_MAX = 64
MONTH_S = 30 * 86_400
HISTORY_MONTHS_MAX = 120
"""Months of statuses kept of one subscription; of each, every status with its ends."""


def evolve(facts: Facts, event: Event) -> Facts:
    """Fold one event into a customer's facts. An event that adds nothing gives equal facts."""
    match event:
        case TimePassed(at=at):
            return replace(facts, at=max(facts.at, at))
        case CustomerSeen(version=customer):
            facts = _sighted(facts, customer.at, event.duplicate_key)
            return replace(facts, customer=join(facts.customer, customer))
        case SubscriptionSeen(version=version):
            facts = _sighted(facts, version.at, event.duplicate_key)
            known = facts.subscriptions.get(version.snapshot.id, SubscriptionFacts())
            status = version.snapshot.status
            entry = SubscriptionFacts(
                versions=join(known.versions, version),
                statuses={
                    **known.statuses,
                    status: max(known.statuses.get(status, 0), version.at),
                },
                history=_history((*known.history, (version.at, status))),
            )
            return replace(facts, subscriptions={**facts.subscriptions, version.snapshot.id: entry})
        case _:
            assert_never(event)


def is_duplicate(facts: Facts, event: Event) -> bool:
    """Whether this very event was folded before (as far back as the row remembers)."""
    return not isinstance(event, TimePassed) and event.duplicate_key in facts.seen


def _sighted(facts: Facts, at: int, duplicate_key: str) -> Facts:
    first = at if facts.first_seen_at is None else min(at, facts.first_seen_at)
    return replace(
        facts,
        at=max(facts.at, at),
        first_seen_at=first,
        seen=_newest((*facts.seen, duplicate_key), SEEN_MAX),
    )


def _history(entries: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """Of each status and month the first and the last sighting; the newest months.

    Months are dropped whole, never sighting by sighting: only so it is blind to arrival.
    """
    months: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at, status in entries:
        months[at // MONTH_S, status].append(at)
    kept = sorted(months)[-HISTORY_MONTHS_MAX:]
    ends = {(pick(months[key]), key[1]) for key in kept for pick in (min, max)}
    return tuple(sorted(ends))


def _newest(entries: tuple[str, ...], limit: int) -> tuple[str, ...]:
    """The greatest of a set: what is dropped is chosen by content, never by arrival."""
    return tuple(sorted(set(entries))[-limit:])
