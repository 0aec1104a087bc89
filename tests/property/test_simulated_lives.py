"""Timelines of a simulated year are what truly happened, told in order or not."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import groupby

import orjson
import pytest

from projections.timeline import timeline
from schemas.settings import SettingsInForce
from simulation.simulate import simulate
from streams.fold_files import Folding, Found


@pytest.fixture(scope="module")
def year():
    return list(simulate(seed=3, customers=60))


def truth(events):
    """Since when each subscription had which status: its events in the order they were made."""
    seen = defaultdict(list)
    for event in events:
        thing = event["data"]["object"]
        if thing["object"] == "subscription":
            seen[thing["id"]].append((event["created"], thing["status"]))
    return {id_: turns(sightings) for id_, sightings in seen.items()}


def turns(sightings):
    return [next(run) for _, run in groupby(sightings, key=lambda sighting: sighting[1])]


def told(events):
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    for number, event in enumerate(events):
        list(folding.take(Found(place=str(number), body=orjson.dumps(event))))
    return {
        id_: turns([(span.at, span.status) for span in timeline(entry)])
        for row in folding.rows.values()
        for id_, entry in row.facts.subscriptions.items()
    }


def test_every_life_is_as_it_was(year):
    lives = truth(year)

    assert told(year) == lives
    assert {status for life in lives.values() for _, status in life} >= {
        "active",
        "canceled",
        "past_due",
        "trialing",
    }
    assert any(len(life) > 4 for life in lives.values())


def test_and_in_any_order(year):
    shuffled = random.Random(5).sample(year, len(year))  # noqa: S311 - no secret is made

    assert told(shuffled) == truth(year)
