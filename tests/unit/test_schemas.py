from __future__ import annotations

from pathlib import Path

import jsonschema
import orjson
import pytest

from build import START, customer, deleted, item, subscription, updated
from cli.schemas import schema_files
from scenario import given
from schemas.settings import BusinessSettings
from schemas.updates import UPDATES

CHECKED_IN = Path(__file__).parents[2] / "docs" / "schemas"


def test_the_checked_in_schemas_are_those_of_the_code():
    """A difference is a change of contract: export them anew and say it in CHANGELOG."""
    here = {path.name: path.read_bytes() for path in CHECKED_IN.glob("*.json")}

    assert here == schema_files()


@pytest.fixture(scope="module")
def seen():
    start = given(updated(customer(metadata={}), at=START))
    first = start.when(updated(subscription(), at=START))
    linked = start.when(updated(customer(), at=START + 1))
    last = start.when(deleted(subscription(status="canceled"), at=START + 1))
    return first, linked, last, *moments()


def moments():
    """A reminder that is held back, one that is told, and one that holds no more."""
    rules = [{"name": "r", "on": "renewal_upcoming", "before": ["3d", "2d"]}]
    settings = BusinessSettings.model_validate({"automations": rules})

    def renewing(days):
        return subscription(items=[item(current_period_end=START + days * 86_400 + 9)])

    start = given(settings=settings)
    held = start.when(updated(renewing(3), at=START + 10))
    told = start.when(updated(customer(), at=START + 86_400 + 10))
    moved = start.when(updated(renewing(9), at=START + 86_400 + 11))
    return held, told, moved


def test_every_type_of_update_is_valid_by_its_own_schema(seen):
    files = schema_files()
    envelopes = [envelope for each in seen for envelope in each.done.updates]
    for envelope in envelopes:
        jsonschema.validate(
            orjson.loads(envelope.value()), orjson.loads(files[f"{envelope.type}.v1.json"])
        )

    assert {envelope.type for envelope in envelopes} == {model.TYPE for model in UPDATES}


def test_the_customer_row_is_valid_by_its_schema(seen):
    schema = orjson.loads(schema_files()["billing.customers.v1.json"])

    jsonschema.validate(seen[2].state.model_dump(mode="json"), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, schema)


def test_updates_are_cloud_events_by_the_judgement_of_their_own_library(seen):
    from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

    envelope = seen[0].done.updates[0]
    message = KafkaMessage(
        headers=dict(envelope.headers()), key=envelope.subject.encode(), value=envelope.value()
    )
    event = from_binary_event(message)

    assert (event.get_type(), event.get_id()) == (envelope.type, envelope.id)
    assert event.get_subject() == envelope.subject
