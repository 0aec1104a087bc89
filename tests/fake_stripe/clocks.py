"""Test clocks at the API: one that the simulated customers live on, and others without customers.

Source: Stripe's API reference, "Test Clocks".
"""

from __future__ import annotations

from simulation.objects import DAY_S, Fields, made_id

from .errors import invalid, missing
from .params import only
from .requested import Requested
from .view import Told
from .world import CLOCK

KIND = "test_helpers.test_clock"


def create(request: Requested) -> Fields:
    """Make a clock that nobody lives on."""
    only(request.params, ("frozen_time", "name"))
    world = request.account.world
    clock = {
        "id": made_id("clock", f"{request.account.id}/{len(request.view.shelves[KIND])}"),
        "object": KIND,
        "created": world.now,
        "deletes_after": world.now + 30 * DAY_S,
        "frozen_time": _frozen_time(request),
        "livemode": False,
        "name": request.params.get("name"),
        "status": "ready",
        "status_details": {},
    }
    _tell(request, "created", clock)
    return clock


def advance(request: Requested, id: str) -> Fields:
    """Move a clock on, and with the simulated one the world."""
    only(request.params, ("frozen_time",))
    clock, to = _clock(request, id), _frozen_time(request)
    if to <= clock["frozen_time"]:
        raise invalid("You must advance the clock to a time in its future.", "frozen_time")
    if id == CLOCK:
        world = request.account.world
        world.advance(world.when_clock_stands(to) - world.now)
        return _clock(request, id) | {"status": "advancing"}
    _tell(request, "advancing", clock | {"status": "advancing"})
    _tell(request, "ready", clock | {"frozen_time": to})
    return clock | {"frozen_time": to, "status": "advancing"}


def delete(request: Requested, id: str) -> Fields:
    """Delete a clock that nobody lives on."""
    if id == CLOCK:
        raise invalid("The simulated customers live on this clock: it stays.")
    _tell(request, "deleted", _clock(request, id))
    return {"id": id, "object": KIND, "deleted": True}


def _clock(request: Requested, id: str) -> Fields:
    world, generation = request.account.world, request.view.generation
    clock = world.view(generation).get(KIND, id)
    if clock is None:
        raise missing("test_clock", id)
    return clock


def _frozen_time(request: Requested) -> int:
    if "frozen_time" not in request.params:
        raise invalid("Missing required param: frozen_time.", "frozen_time", "parameter_missing")
    return int(request.params["frozen_time"])


def _tell(request: Requested, what: str, clock: Fields) -> None:
    world = request.account.world
    name = f"{clock['id']}/{what}/{clock['frozen_time']}"
    world.happen(Told(name=name, type=f"{KIND}.{what}", thing=clock, at=world.now))
