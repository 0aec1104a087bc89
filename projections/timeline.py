"""Since when a subscription had which status: its sightings, corrected by what it says of itself.

Sightings of one second have no order of their own: the usual course of a subscription's life gives
them one, and what it is now comes last. Source: docs/stages.md, "Since when".
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from schemas.objects import TERMINAL_STATUSES, Subscription
from schemas.rows import SubscriptionFacts

PAYING_STATUSES = frozenset({"active", "past_due"})
AFTER_TRIAL = PAYING_STATUSES | {"unpaid", "paused"}
COURSE = ("incomplete", "trialing", "active", "past_due", "unpaid", "paused")
Sighting = tuple[int, str, bool]


class Span(NamedTuple):
    """A stretch of a subscription's life in one status; `costs` whether its list price was above 0.

    `until` is None while it lasts. A stretch within one second has no length.
    """

    at: int
    until: int | None
    status: str
    costs: bool

    @property
    def is_paying(self) -> bool:
        """Whether the customer paid for it then, as far as its status says."""
        return self.costs and self.status in PAYING_STATUSES


def timeline(entry: SubscriptionFacts) -> tuple[Span, ...]:
    """Lay out a subscription's life, oldest stretch first, without gaps; empty for no sighting."""
    now = entry.now
    starts = _with_own_start(_with_end(_in_order(entry), now), now)
    turns = [start for place, start in enumerate(starts) if not place or _turns(starts, place)]
    ends = (*(at for at, _, _ in turns[1:]), None)
    return tuple(
        Span(at, until, status, costs)
        for (at, status, costs), until in zip(turns, ends, strict=False)
    )


def course_of(status: str) -> int:
    """The place of a status in the usual course of a life, for what has the same second."""
    if status in COURSE:
        return COURSE.index(status)
    return len(COURSE) + (status in TERMINAL_STATUSES)


def _turns(starts: list[Sighting], place: int) -> bool:
    return starts[place - 1][1:] != starts[place][1:]


def _in_order(entry: SubscriptionFacts) -> list[Sighting]:
    seen = sorted(entry.history)
    if all(one[0] < other[0] for one, other in pairwise(seen)):
        return seen
    times = [at for at, _, _ in seen]
    at = entry.versions[-1].at
    # By a test clock it happened at another time than it is ordered by.
    last = (at if at in times else times[-1], entry.now.status)
    return sorted(seen, key=lambda each: (each[0], each[:2] == last, course_of(each[1]), each[1:]))


def _with_end(seen: list[Sighting], now: Subscription) -> list[Sighting]:
    """Let what has ended be over at its own end; before it, it lived."""
    if not now.is_terminal:
        return seen
    over = [each for each in seen if each[1] in TERMINAL_STATUSES]
    if not over:
        return seen
    ended_at = over[0][0] if now.ended_at is None else now.ended_at
    costs = over[-1][2]
    lived = [each for each in seen if each[1] not in TERMINAL_STATUSES and each[0] <= ended_at]
    if not lived and now.status == "canceled" and 0 < now.began_at < ended_at:
        # Only its end was seen: it has been paid for from the end of its trial until then.
        lived = [(now.began_at, "active", costs)]
    return [*lived, (ended_at, now.status, costs)]


def _with_own_start(seen: list[Sighting], now: Subscription) -> list[Sighting]:
    """Let the first stretch begin when the subscription says, if it was seen only later."""
    if not seen or seen[0][1] in TERMINAL_STATUSES:
        return seen
    at, status, costs = seen[0]
    started_at = now.created_at if now.start_date is None else now.start_date
    # A trial that ends only later was added to what ran already.
    began_at = now.began_at if now.began_at <= at else started_at
    own = began_at if status in AFTER_TRIAL else started_at
    begin = min(at, own) if own > 0 else at
    if begin < at and _was_active_before(status, now):
        return [(begin, "active", costs), *seen]
    return [(begin, status, costs), *seen[1:]]


def _was_active_before(status: str, now: Subscription) -> bool:
    """Whether the first status that was seen comes only after one of good standing.

    `unpaid` does; `paused` does where it was no trial that ended without a way to pay.
    """
    if status == "paused":
        is_of_trial = now.pause_reason in {None, "trial_end_without_payment_method"}
        return now.trial_end is None or not is_of_trial
    return status == "unpaid"
