from typing import Any

import orjson
import pytest

from cli.demo.life import ScriptedLife
from cli.demo.lives import ordinary_lives
from cli.demo.odd_lives import odd_lives
from cli.demo.recorded import recorded_events
from simulation.objects import Generation


def events_of(life: ScriptedLife) -> list[dict[str, Any]]:
    return [orjson.loads(body) for body in life.bodies]


@pytest.mark.parametrize("life", ordinary_lives(), ids=lambda life: life.customer)
def test_every_event_of_a_life_has_what_stripes_events_have(life: ScriptedLife):
    events = events_of(life)

    for event in events:
        assert event["object"] == "event"
        assert event["livemode"] is True
        assert isinstance(event["created"], int)
        assert event["type"]
        thing = event["data"]["object"]
        assert life.customer in {thing["id"], thing.get("customer")}
    assert len({event["id"] for event in events}) == len(events)


@pytest.mark.parametrize("life", ordinary_lives(), ids=lambda life: life.customer)
def test_the_events_of_a_life_come_in_the_order_of_their_time(life: ScriptedLife):
    times = [event["created"] for event in events_of(life)]

    assert times == sorted(times)


def test_four_api_generations_are_told():
    versions = {event["api_version"] for life in ordinary_lives() for event in events_of(life)}

    assert versions == {generation.value for generation in Generation}


def test_a_period_is_where_its_api_version_has_it():
    at_top, on_items = set(), set()
    for life in ordinary_lives():
        for event in events_of(life):
            thing = event["data"]["object"]
            if thing["object"] == "subscription":
                (at_top if "current_period_end" in thing else on_items).add(event["api_version"])

    assert at_top == {Generation.LEGACY}
    assert on_items == set(Generation) - at_top


def test_an_update_tells_the_former_values_of_what_changed():
    trial = ordinary_lives()[0]
    converted = next(
        event
        for event in events_of(trial)
        if event.get("data", {}).get("previous_attributes", {}).get("status") == "trialing"
    )

    assert converted["type"] == "customer.subscription.updated"
    assert converted["data"]["object"]["status"] == "active"
    assert "current_period_end" in converted["data"]["previous_attributes"]


def test_every_run_tells_the_same_bytes():
    first = [body for life in [*ordinary_lives(), *odd_lives()] for body in life.bodies]
    second = [body for life in [*ordinary_lives(), *odd_lives()] for body in life.bodies]

    assert first == second


def test_every_recorded_event_has_an_id_of_its_own():
    ids = {orjson.loads(body)["id"] for body in recorded_events()}

    assert len(ids) == 159
