"""Histories that several tests look at: made once, never changed."""

from __future__ import annotations

from functools import cache

from simulation.objects import Generation
from simulation.simulate import simulate


@cache
def history(generation=None, customers=300):
    """A year of events; without a generation each customer has its own."""
    return tuple(
        simulate(generation=generation, customers=customers, on_demand_pauses=_pauses(generation))
    )


@cache
def told_alike(generation):
    """The same year for every generation: without pauses by request, which only one can have."""
    return tuple(simulate(generation=generation, customers=120, on_demand_pauses=False))


def objects(events, kind):
    """What the events show of one kind of object."""
    things = (event["data"]["object"] for event in events)
    return [thing for thing in things if thing["object"] == kind]


def put_back(now, former):
    """An object as it was, by the rules of `previous_attributes`."""
    before = dict(now)
    for name, value in former.items():
        here = before.get(name)
        nested = isinstance(value, dict) and isinstance(here, dict)
        before[name] = put_back(here, value) if nested else value
    return before


def _pauses(generation):
    return None if generation is None else generation is Generation.ENDIVE
