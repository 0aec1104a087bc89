"""What was known of a customer at a time of the past is what `subfold fold --at` says of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace

import orjson
import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from build import ANA, customer, event, subscription
from cli.main import app
from console.past import past, refold
from console.queries.why_stage import why_stage
from console.read_model.reader import Reader
from console.read_model.records import Record
from console.read_model.tables import metadata
from filled import BEGIN, DAY_S, NASTY, UNTIL, simulated_year
from schemas.customer_row import CustomerRow
from schemas.errors import BrokerError
from schemas.records import Kind, LogRecord, Subject
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.times import iso
from streams.event_files import Found
from streams.fold_files import Folding
from streams.log.records import LOGGED_AT, read_log_record
from streams.log.topics import LOG
from streams.settings import Kafka
from worker_stage import stage

BUILT_IN = SettingsInForce(version=1)
TIMES = [BEGIN + days * DAY_S + 4_321 for days in (2, 60, 181, 300, 365)]
BAD = "main/-/live/cus_bad"
"""All of its records are dead letters."""
CLOCK, OF_CLOCK = "main/-/test/-/clock_1", f"main/-/test/{ANA}"


def read(record: Record) -> LogRecord:
    return read_log_record(
        key=record.key,
        value=record.value,
        headers=record.headers,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
    )


@pytest.fixture(scope="module")
def log(year: list[Record]) -> list[LogRecord]:
    """Records that belong to a customer."""
    found = (read(each) for each in year if each.topic == LOG)
    return [each for each in found if Subject.parse(each.key)]


def of_each(log: list[LogRecord], at: int) -> dict[str, list[LogRecord]]:
    found = defaultdict(list)
    for each in log:
        if each.timestamp_ms // 1000 <= at:
            found[each.key].append(each)
    return found


def said_by_the_command(folder, log: list[LogRecord], at: int) -> dict[str, CustomerRow]:
    file = folder / "events.jsonl"
    file.write_bytes(b"\n".join(each.value for each in log if each.timestamp_ms // 1000 <= at))
    done = CliRunner().invoke(app, ["fold", str(file), "--state", "--at", iso(at)])
    return {
        row.subject: row for row in map(CustomerRow.model_validate_json, done.stdout.splitlines())
    }


@pytest.mark.parametrize("at", TIMES, ids=iso)
def test_it_is_what_the_command_says_of_the_same_records(tmp_path, log, at):
    expected = said_by_the_command(tmp_path, log, at)

    found = {
        subject: made.for_readers
        for subject, records in of_each(log, at).items()
        if (made := refold(subject, records, BUILT_IN, at=at))
    }

    assert found.keys() == expected.keys()
    for subject, row in found.items():
        assert row == expected[subject]


def test_more_is_known_later(log):
    rows = [
        sum(
            made is not None
            for subject, records in of_each(log, at).items()
            for made in [refold(subject, records, BUILT_IN, at=at)]
        )
        for at in TIMES
    ]

    assert rows == sorted(set(rows))


def test_a_customer_of_a_test_clock_is_where_its_clock_had_brought_it():
    moved = [
        {"id": "clock_1", "object": "test_helpers.test_clock", "frozen_time": BEGIN + days * DAY_S}
        for days in (0, 40)
    ]
    clocks = [
        event(f"test_helpers.test_clock.{name}", thing, id=f"evt_{name}", at=UNTIL + second)
        for (name, second), thing in zip((("created", 0), ("ready", 60)), moved, strict=True)
    ]
    own = [
        event("customer.created", customer(test_clock="clock_1"), id="evt_a", at=UNTIL + 10),
        event(
            "customer.subscription.created",
            subscription(created=BEGIN, test_clock="clock_1"),
            id="evt_b",
            at=UNTIL + 20,
        ),
    ]
    events = [clocks[0], *own, clocks[1]]
    for each in events:
        each["livemode"] = False
    folding = Folding(settings=BUILT_IN, source="main")
    list(folding.run(Found(place="here", body=orjson.dumps(each)) for each in events))
    records = [
        LogRecord(
            key=CLOCK if each in clocks else OF_CLOCK,
            kind=Kind.BROADCAST if each in clocks else Kind.WEBHOOK,
            source="main",
            event_id=each["id"],
            event_type=each["type"],
            value=orjson.dumps(each),
            partition=0,
            offset=number,
            timestamp_ms=each["created"] * 1000,
        )
        for number, each in enumerate(events)
    ]

    before = refold(OF_CLOCK, records[:-1], BUILT_IN, at=UNTIL + 30)
    after = refold(OF_CLOCK, records, BUILT_IN, at=UNTIL + 90)

    assert before.row.facts.at == BEGIN
    assert after.row.facts.at == BEGIN + 40 * DAY_S
    assert after.row.facts == replace(folding.rows[OF_CLOCK].facts, at=BEGIN + 40 * DAY_S)


def test_nothing_is_known_before_the_first_record():
    assert refold(NASTY, [], BUILT_IN, at=BEGIN) is None


def test_rules_say_what_the_row_says(log):
    settings = BusinessSettings()
    made_of = {
        subject: refold(subject, records, BUILT_IN, at=UNTIL)
        for subject, records in of_each(log, UNTIL).items()
    }
    assert [subject for subject, made in made_of.items() if made is None] == [BAD]
    for made in filter(None, made_of.values()):
        row, said = made.for_readers, why_stage(made.row.facts, settings)
        assert said.stage == (row.stage.name if row.stage else None)
        assert [(each.subscription, each.stage) for each in said.subscriptions] == [
            (each.id, each.stage) for each in row.subscriptions
        ]
        for each in said.subscriptions:
            first = next((rule.name for rule in each.rules if rule.holds), None)
            assert first == each.stage
            for rule in each.rules:
                assert rule.holds == all(condition.holds for condition in rule.conditions)
            assert each.statuses[0].status == each.status


async def test_only_its_own_records_are_read_from_kafka(tmp_path, bootstrap_servers, prefix):
    records = [each for each in simulated_year(8) if each.topic == LOG]
    async with stage(tmp_path, bootstrap_servers, prefix) as scene:
        for each in records:
            await scene.producer.send(
                scene.names.log,
                each.value,
                key=each.key,
                partition=0 if each.key.startswith(b"-") else each.key[-1] % 2,
                headers=[*each.headers, (LOGGED_AT, str(each.timestamp).encode())],
            )
        await scene.producer.flush()
        engine = create_engine(f"sqlite:///{tmp_path / 'read_model.db'}")
        metadata.create_all(engine)
        await Reader(scene.deployment, engine, lambda: UNTIL).catch_up()
        settings = SettingsInForce(version=2)

        for at in TIMES:
            for subject, own in of_each(list(map(read, records)), at).items():
                if Subject.parse(subject) is None:
                    continue
                with engine.connect() as connection:
                    found = await asyncio.to_thread(past, connection, scene.kafka, subject, at=at)
                expected = refold(subject, own, settings, at=at)
                assert (found and found.row.facts) == (expected and expected.row.facts)
                assert (found and found.records) == (expected and len(own))
                assert found is None or found.settings.version == 2
        engine.dispose()


async def test_kafka_that_is_not_there_is_said(filled):
    nowhere = Kafka(bootstrap_servers="127.0.0.1:1")
    with (
        filled.connect() as connection,
        pytest.raises(BrokerError, match="the log cannot be read now"),
    ):
        await asyncio.to_thread(past, connection, nowhere, NASTY, at=UNTIL)
