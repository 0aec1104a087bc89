"""One canonical history, told in the shapes of four API generations, gives one row."""

from __future__ import annotations

import random

import orjson
import pytest
from typer.testing import CliRunner

from build import fetched
from cli.main import app
from schemas.settings import SettingsInForce
from simulation.catalog import COUPONS, LOYALTY, PRICES
from simulation.coupons import coupon_object
from simulation.objects import Generation
from simulation.prices import price_object
from simulation.simulate import simulate
from streams.event_files import Found
from streams.fold_files import Folding

END = 1_900_000_000


def told_in(generation):
    events = simulate(seed=1, customers=40, generation=generation, on_demand_pauses=False)
    return with_terms(list(events), generation)


def printed_in(generation):
    command = ["simulate", "--customers", "40", "--generation", generation]
    printed = CliRunner().invoke(app, command).stdout
    return with_terms([orjson.loads(line) for line in printed.splitlines()], generation)


def with_terms(events, generation):
    """A simulated year, and what subfold would have fetched: terms that no webhook shows."""
    terms = [
        *(coupon_object(each, redeemed=0, test=False) for each in (*COUPONS, LOYALTY)),
        *(
            price_object(price, generation, test=False)
            | {"tiers": [{**tier_of(tier)} for tier in price.tiers]}
            for price in PRICES
            if price.tiers
        ),
    ]
    customers = [
        each["data"]["object"]["id"] for each in events if each["type"] == "customer.created"
    ]
    return events + [
        fetched(thing, "enrichment", at=END, customer=customer)
        for customer in customers
        for thing in terms
    ]


def tier_of(tier):
    return {
        "up_to": tier.up_to,
        "unit_amount": tier.unit_amount,
        "flat_amount": tier.flat_amount,
    }


def state_of(bodies):
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    for number, body in enumerate(bodies):
        list(folding.take(Found(place=str(number), body=orjson.dumps(body))))
    assert folding.complaints == []
    return list(folding.state(announced=False))


def without_why(rows):
    """The same rows without why and since when a subscription is paused: only the newest says."""
    return [
        row
        | {
            "subscriptions": [
                each | {"pause": each["pause"] and each["pause"] | {"reason": None, "since": None}}
                for each in row["subscriptions"]
            ]
        }
        for row in rows
    ]


@pytest.fixture(scope="module")
def newest():
    return state_of(told_in(Generation.ENDIVE))


def test_the_history_has_what_the_generations_differ_in(newest):
    subscriptions = [each for row in newest for each in row["subscriptions"]]

    assert len(newest) == 40
    assert any(each["discounts"] for each in subscriptions)
    assert any(item["tiers"] for each in subscriptions for item in each["items"])
    assert any(each["cancel_at"] for each in subscriptions)
    assert any(each["schedule"] for each in subscriptions)
    assert any(row["customer"]["discount"] for row in newest)
    assert {each["status"] for each in subscriptions} >= {"active", "canceled", "trialing"}
    assert all(row["pending"] == [] for row in newest)


@pytest.mark.parametrize("generation", [Generation.LEGACY, Generation.ENDIVE])
def test_the_command_tells_the_same_rows_in_every_generation(newest, generation):
    assert without_why(state_of(printed_in(generation))) == without_why(newest)


@pytest.mark.parametrize("generation", [each for each in Generation if each != Generation.ENDIVE])
def test_an_older_generation_tells_the_same_rows(newest, generation):
    assert without_why(state_of(told_in(generation))) == without_why(newest)


def test_the_generations_mixed_doubled_and_shuffled_tell_the_same_rows(newest):
    chance = random.Random(1)  # noqa: S311 - shuffles, keeps no secret
    bodies = [
        body for generation in Generation for body in told_in(generation) if chance.random() < 0.9
    ]
    bodies += told_in(Generation.BASIL)
    chance.shuffle(bodies)

    assert state_of(bodies) == newest
