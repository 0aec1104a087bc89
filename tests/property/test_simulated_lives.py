"""Timelines of a simulated year are what truly happened, told in order or not."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import groupby

import orjson
import pytest

from projections.renewals import course_of
from projections.timeline import timeline
from schemas.settings import Business, SettingsInForce
from simulation.simulate import simulate
from streams.event_files import Found
from streams.fold_files import Folding


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


def cycles(events):
    """The invoices that renew a subscription: whose, and when."""
    for event in events:
        thing = event["data"]["object"]
        is_cycle = thing.get("billing_reason") == "subscription_cycle"
        if event["type"] == "invoice.created" and is_cycle:
            parent = thing.get("parent") or {"subscription_details": thing}
            yield parent["subscription_details"]["subscription"], event["created"]


def test_every_renewal_is_at_the_date_that_was_known_before_but_for_the_unpaid(year):
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    last, renewed = {}, 0
    for _, second in groupby(year, key=lambda event: event["created"]):
        events = list(second)
        for subscription, at in cycles(events):
            status, renews_at = last[subscription]
            assert renews_at == (None if status == "unpaid" else at)
            renewed += 1
        for event in events:
            list(folding.take(Found(place="year", body=orjson.dumps(event))))
        touched = {str(event["data"]["object"].get("customer")) for event in events}
        for row in (row for key, row in folding.rows.items() if key.split("/")[-1] in touched):
            for one in row.facts.current:
                last[one.id] = one.status, course_of(one, row.facts, Business()).renews_at

    assert renewed > 100
