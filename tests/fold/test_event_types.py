"""The table of event types is true of recorded bodies, and told to people."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from cli.demo.recorded import recorded_events
from streams.fold.event_types import EVENT_TYPES, FOLDED_EVENTS, Effect, Key
from streams.fold_files import OPEN_SOURCE
from streams.ingest.keys import read_envelope

DOCS = Path(__file__).parents[2] / "docs" / "events.md"
RECORDED = [
    (body, orjson.loads(body))
    for body in recorded_events()
    if orjson.loads(body)["type"] in EVENT_TYPES
]


@pytest.mark.parametrize(("raw", "body"), RECORDED, ids=[body["type"] for _, body in RECORDED])
def test_the_door_files_each_type_where_the_table_says(raw, body):
    thing = body["data"]["object"]
    key = EVENT_TYPES[body["type"]].key
    was = body["data"].get("previous_attributes") or {}
    owner = {
        Key.ID: thing.get("id"),
        Key.CUSTOMER: thing.get("customer"),
        Key.FORMER: thing.get("customer") or was.get("customer"),
        Key.NONE: None,
    }[key]
    filed = read_envelope(raw, "main", OPEN_SOURCE).key.split("/")

    assert filed[3] == (owner or "-")


def test_recordings_cover_most_of_what_is_folded():
    covered = {body["type"] for _, body in RECORDED} & FOLDED_EVENTS

    assert len(covered) >= 25


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_each_type_is_told_to_people(name):
    prefix, _, last = name.rpartition(".")
    text = DOCS.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|") and f"`{prefix}." in line]

    assert any(f"`{name}`" in row or f"`.{last}`" in row for row in rows)


def test_what_concerns_no_customer_by_its_key_is_not_folded():
    assert not [
        name
        for name, (key, effect) in EVENT_TYPES.items()
        if key is Key.NONE and effect not in {Effect.CLOCK, Effect.TERMS, Effect.KEPT}
    ]
