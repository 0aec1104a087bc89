"""A history that happens on a test clock of Stripe's, as its webhooks tell it.

The objects keep the clock's times, while `created` of the events is real time: a year is over in
minutes. Source: Stripe's documentation, "Test clocks"; docs/events.md, "Test clocks".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from simulation.objects import DAY_S, Fields, Generation, event_object, made_id

STEP_S = 25 * DAY_S
"""How far the clock is moved at once; Stripe allows two periods of the shortest subscription."""


def on_test_clock(
    history: Iterable[Fields], *, clock: str, start: int, until: int, real: int
) -> Iterator[Fields]:
    """Let a history happen on a test clock, which is moved to where its last event has come.

    Args:
        history: Events in the order in which they happened.
        clock: Its id.
        start: Where the clock stands at first; not later than the first event.
        until: Where it is moved to in the end.
        real: When all of it is tried; each event takes a second of it.
    """
    stands, now = start, real
    yield _told(clock, "created", stands, now)
    for event in history:
        while event["created"] > stands + STEP_S:
            yield from _moved(clock, stands, stands + STEP_S, now)
            stands, now = stands + STEP_S, now + 2
        now += 1
        yield _on(event, clock, now)
    while stands < until:
        to = min(stands + STEP_S, until)
        yield from _moved(clock, stands, to, now)
        stands, now = to, now + 2


def _moved(clock: str, stands: int, to: int, now: int) -> Iterator[Fields]:
    yield _told(clock, "advancing", stands, now + 1)
    yield _told(clock, "ready", to, now + 2)


def _told(clock: str, name: str, frozen_time: int, now: int) -> Fields:
    thing = {
        "id": clock,
        "object": "test_helpers.test_clock",
        "created": now,
        "deletes_after": now + 30 * DAY_S,
        "frozen_time": frozen_time,
        "livemode": False,
        "name": None,
        "status": "advancing" if name == "advancing" else "ready",
    }
    return event_object(
        id=made_id("evt", f"{clock}/{name}/{frozen_time}"),
        type=f"test_helpers.test_clock.{name}",
        created=now,
        generation=Generation.ENDIVE,
        thing=thing,
        test=True,
    )


def _on(event: Fields, clock: str, now: int) -> Fields:
    thing: dict[str, Any] = event["data"]["object"]
    if "test_clock" in thing:
        thing = {**thing, "test_clock": clock}
    return {
        **event,
        "created": now,
        "livemode": False,
        "data": {**event["data"], "object": thing},
    }
