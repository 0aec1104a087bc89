"""What lies ahead of each customer is what the worker itself would say of its rows."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select

from console.read_model.ahead import CHANGELOG, take_outdated
from console.read_model.ahead_tables import armed, renewals
from console.read_model.apply import apply
from console.read_model.records import Record
from console.read_model.tables import metadata
from projections.expected import expected_of
from projections.timers import timers_of
from schemas.automations import Automation
from schemas.codec import decode_row
from schemas.settings import BusinessSettings, SettingsInForce
from streams.worker.marker import SETTINGS_KEY, encode_settings

SETTINGS = SettingsInForce()
OTHERS = BusinessSettings(
    automations=(Automation(name="soon", on="renewal_upcoming", before=("1d",)),)
)


@pytest.fixture(scope="module")
def rows(year):
    """The last row of each customer, as the worker wrote it."""
    return {each.key: each for each in year if each.topic == CHANGELOG}


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection


def settings_record(content, version=7):
    in_force = SettingsInForce(version=version, content=content)
    return Record(CHANGELOG, 0, 0, 0, SETTINGS_KEY, encode_settings(in_force), ())


def names(connection):
    return set(connection.scalars(select(armed.c.automation)))


def test_timers_are_those_that_the_worker_s_rows_have(connection, rows):
    apply(connection, rows.values(), 1)

    expected = {
        (row.subject, timer.automation, timer.subscription, timer.due_at, timer.date, timer.span)
        for row in (decode_row(each.value) for each in rows.values())
        for timer in timers_of(row, SETTINGS.content)
    }
    table = armed.c
    found = connection.execute(
        select(
            table.subject,
            table.automation,
            table.subscription,
            table.due_at,
            table.date,
            table.span,
        )
    )
    assert len(expected) > 50
    assert {tuple(row) for row in found} == expected


def test_amounts_are_those_expected_of_each_renewal(connection, rows):
    apply(connection, rows.values(), 1)

    found = list(connection.execute(select(renewals)).mappings())
    known = 0
    for each in found:
        if each["renews_at"] is None:
            assert each["amount_minor"] is None
            continue
        facts = decode_row(rows[each["subject"].encode()].value).facts
        subscription = facts.subscriptions[each["subscription"]].now
        expected = expected_of(facts, subscription, SETTINGS.content, each["renews_at"])
        amounts = {currency: round(amount) for currency, amount in expected.items()}
        has = each["amount_minor"] is not None
        known += has
        assert amounts == ({each["currency"]: each["amount_minor"]} if has else {})
    assert known > 50


def test_a_row_takes_the_place_of_the_former_one_and_a_deleted_one_goes(connection, rows):
    apply(connection, rows.values(), 1)
    before = set(connection.scalars(select(armed.c.subject)))
    gone = sorted(before)[0]
    apply(connection, [rows[key] for key in sorted(rows)], 2)
    apply(connection, [Record(CHANGELOG, 0, 9, 0, gone.encode(), None, ())], 3)

    assert set(connection.scalars(select(armed.c.subject))) == before - {gone}
    assert gone not in set(connection.scalars(select(renewals.c.subject)))


def test_settings_of_the_worker_decide_and_newer_ones_ask_for_all_rows_again(connection, rows):
    apply(connection, rows.values(), 1)
    assert take_outdated(connection) == set()
    apply(connection, [settings_record(OTHERS)], 2)

    assert "soon" not in names(connection)
    assert take_outdated(connection) == {0}
    assert take_outdated(connection) == set()
    apply(connection, rows.values(), 3)
    assert names(connection) == {"soon"}


def test_settings_that_read_the_same_ask_for_nothing(connection, rows):
    apply(connection, [settings_record(OTHERS, version=7), *rows.values()], 1)
    take_outdated(connection)
    apply(connection, [settings_record(OTHERS, version=8)], 2)

    assert take_outdated(connection) == set()


def test_bytes_that_are_no_row_are_passed_over(connection, rows):
    broken = Record(CHANGELOG, 0, 1, 0, b"main/-/live/cus_broken", b"{}", ())
    apply(connection, [broken, *rows.values()], 1)

    subjects = set(connection.scalars(select(renewals.c.subject)))
    assert "main/-/live/cus_broken" not in subjects
    assert len(subjects) > 50
