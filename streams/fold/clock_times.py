"""What an object shows of the test clock that it lives by, in any API version.

Only Stripe's field `test_clock` tells such an object from others. Source: docs/events.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.times import YEAR_10000
from streams.fold.event_types import Effect

_PAST = ("created", "start_date", "trial_start", "current_period_start", "canceled_at", "ended_at")
"""Times of a subscription that have come when it shows them."""


def clock_of(thing: Mapping[str, Any]) -> str | None:
    """The id of the object's test clock, expanded or not."""
    clock = thing.get("test_clock")
    if isinstance(clock, Mapping):
        clock = clock.get("id")
    return clock if isinstance(clock, str) and clock else None


def shown_time(thing: Mapping[str, Any], effect: Effect | None) -> int:
    """How far the clock must have come, by the times that the object shows; 0 where it shows none.

    A renewal that happened while the clock was on its way was at the renewal's time.
    """
    if effect is Effect.SUBSCRIPTION:
        return max(_times(thing), default=0)
    return max(_times_of(thing, ("created",)), default=0) if effect is Effect.INVOICE else 0


def made_time(thing: Mapping[str, Any], at: int) -> int:
    """A time that is not past the clock's, where nothing is known of the clock."""
    return min((at, *_times_of(thing, ("created",))))


def _times(subscription: Mapping[str, Any]) -> Iterator[int]:
    yield from _times_of(subscription, _PAST)
    items = subscription.get("items")
    data = items.get("data") if isinstance(items, Mapping) else None
    for item in data if isinstance(data, list) else ():
        if isinstance(item, Mapping):
            yield from _times_of(item, ("current_period_start",))


def _times_of(thing: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[int]:
    for name in names:
        at = thing.get(name)
        if type(at) is int and 0 < at < YEAR_10000:
            yield at
