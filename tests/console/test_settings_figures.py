"""Given a simulated year: figures by which settings are chosen, counted once more by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction

import orjson
import pytest
from sqlalchemy import select

from console.queries.coverage import coverage
from console.queries.presets import IN_FORCE, presets
from console.read_model.tables import account_rows
from filled import NASTY, NASTY_WORDS
from schemas.settings import BusinessSettings, Mrr
from streams.event_files import Found
from streams.mrr.answers import answers


def bodies(connection, mode):
    found = [orjson.loads(row) for (row,) in connection.execute(select(account_rows.c.row))]
    return [
        each
        for each in found
        if each["livemode"] == mode and each["customer"]["deleted_at"] is None
    ]


@pytest.mark.parametrize("livemode", [True, False])
def test_coverage_is_what_counting_every_row_by_hand_gives(filled, livemode):
    with filled.connect() as connection:
        found = coverage(connection, livemode=livemode)
        rows = bodies(connection, livemode)

    values = defaultdict(Counter)
    for row in rows:
        for key, value in row["customer"]["metadata"].items():
            values["customer", key][value] += 1
        for key in {key for each in row["subscriptions"] for key in each["metadata"]}:
            smallest = min(
                each["metadata"][key] for each in row["subscriptions"] if key in each["metadata"]
            )
            values["subscription", key][smallest] += 1
    assert found.customers == len(rows) > 0
    assert {(each.on, each.key): each.customers for each in found.keys} == {
        key: counted.total() for key, counted in values.items()
    }
    for each in found.keys:
        counted = values[each.on, each.key]
        assert each.distinct == len(counted)
        assert each.shared == sum(times for times in counted.values() if times > 1)
        assert set(each.examples) <= set(counted)


def test_nasty_keys_are_shown_as_they_are(filled):
    with filled.connect() as connection:
        keys = {each.key: each for each in coverage(connection, livemode=True).keys}

    assert keys[NASTY_WORDS[:40]].examples == (NASTY_WORDS,)


def by_hand(rows, settings):
    """Each preset's total with all rows in one hand, as `subfold mrr` counts them."""
    named = {
        name: settings.model_copy(update={"mrr": Mrr(preset=name)})
        for name in ("standard", "stripe", "net")
    }
    lines = [Found(place="row", body=orjson.dumps(row)) for row in rows]
    views = {
        name: [each.view for each in answers(lines, content, at=None, now=0)]
        for name, content in {IN_FORCE: settings, **named}.items()
    }
    unknown = {
        number for found in views.values() for number, view in enumerate(found) if view.pending
    }
    totals = defaultdict(Fraction)
    for name, found in views.items():
        for number, view in enumerate(found):
            for currency, amount in view.total.items() if number not in unknown else ():
                totals[currency, name] += amount
    return totals, len(unknown)


@pytest.mark.parametrize(
    "mrr", [Mrr(), Mrr(preset="stripe"), Mrr(preset="net", count_past_due=False)]
)
def test_what_presets_differ_by_is_what_subfold_mrr_says(filled, mrr):
    settings = BusinessSettings(mrr=mrr)
    with filled.connect() as connection:
        found = presets(connection, settings, livemode=True)
        rows = bodies(connection, True)

    totals, unknown = by_hand(rows, settings)
    assert found.customers == len(rows)
    assert found.unknown == unknown > 0
    assert {(each.currency, each.name): Fraction(each.total_exact) for each in found.totals} == (
        totals
    )
    for each in found.totals:
        own = totals[each.currency, IN_FORCE]
        assert each.difference_minor == round(totals[each.currency, each.name]) - round(own)
        if each.name == IN_FORCE:
            assert each.customers == 0
    assert any(each.total_minor > 0 for each in found.totals)


def test_the_nasty_customer_counts(filled):
    with filled.connect() as connection:
        subjects = {each["subject"] for each in bodies(connection, True)}

    assert NASTY in subjects
