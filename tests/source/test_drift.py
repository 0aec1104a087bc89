"""Given a row and an object of Stripe's, what would a repair change?"""

from __future__ import annotations

from build import START, SUBJECT, customer, item, subscription, updated
from fetched import fetched
from schemas.records import Kind
from schemas.settings import SettingsInForce
from streams.log.records import read_log_record
from streams.pipeline import step
from streams.source.drift import drift_of
from streams.source.fetched import Scope, fetched_record

SETTINGS = SettingsInForce()
SCOPE = Scope("main", None, livemode=True)


def log_record(record):
    return read_log_record(
        key=record.key if isinstance(record.key, bytes) else record.key.encode(),
        value=record.value,
        headers=list(record.headers),
        partition=0,
        offset=0,
        timestamp_ms=START * 1000,
    )


def row_after(*bodies):
    row = None
    for body in bodies:
        row = step(row, log_record(fetched(body)), SETTINGS).row or row
    return row


def drift(row, thing, at):
    record = fetched_record(
        thing,
        customer="cus_ana",
        kind=Kind.REPAIR,
        scope=SCOPE,
        fetched_at=at,
        connected_at=START,
    )
    return drift_of(row, log_record(record), thing["id"], at, SETTINGS)


def test_what_is_the_same_does_not_drift_though_time_has_passed():
    sub = subscription(items=[item(current_period_end=START + 86_400 * 30)])
    row = row_after(updated(customer(), at=START), updated(sub, at=START))

    assert drift(row, sub, START + 86_400 * 10) is None
    assert drift(row, customer(), START + 86_400 * 10) is None


def test_a_lost_cancellation_drifts_and_the_fields_say_what_it_would_change():
    sub = subscription()
    row = row_after(updated(customer(), at=START), updated(sub, at=START))
    found = drift(row, subscription(status="canceled", ended_at=START + 5), START + 60)

    assert found.subject == SUBJECT
    assert "subscriptions[0].status" in found.fields
    assert any(path.startswith("stage") for path in found.fields)


def test_what_a_newer_event_has_said_wins():
    row = row_after(updated(customer(), at=START), updated(subscription(), at=START + 100))

    assert drift(row, subscription(status="past_due"), START + 50) is None


def test_an_object_that_cannot_be_folded_is_not_passed_over():
    row = row_after(updated(customer(), at=START))

    assert "not folded" in drift(row, subscription(customer="cus_other"), START + 1).fields[0]


def test_a_customer_without_a_row_is_missing():
    assert drift(None, customer(), START).is_missing
