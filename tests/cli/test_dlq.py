"""Given letters on a real broker: `subfold dlq` as a user calls it."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from build import ANA
from cli.main import app
from fetched import Fetched, fetched
from schemas.errors import BadRecordError, DeadLetterReason
from streams.log.admin import create_topics
from streams.log.topics import DEAD_LETTERS
from streams.settings import Deployment, Kafka
from streams.worker.dead_letters import dead_letter

ERRORS = (BadRecordError(DeadLetterReason.BAD_OBJECT, "items: [0] missing"), KeyError("ana"))


@pytest.fixture
def dlq(bootstrap_servers, prefix, tmp_path, monkeypatch):
    """Call `subfold dlq` where there are two letters: a bad object and a bug."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap_servers)
    monkeypatch.setenv("SUBFOLD_KAFKA__PREFIX", prefix)
    monkeypatch.setenv("COLUMNS", "200")
    asyncio.run(bury(Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix)))

    def call(*arguments: str):
        return CliRunner().invoke(app, ["dlq", *arguments])

    return call


async def bury(kafka: Kafka) -> None:
    await create_topics(Deployment(kafka=kafka))
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        for number, error in enumerate(ERRORS):
            letter = dead_letter(fetched(b'{"name": "Ana"}', 10 + number), error)
            await write(producer, kafka, fetched(letter.value, headers=tuple(letter.headers)))
        await write(producer, kafka, Fetched(value=b"hello"))


async def write(producer, kafka: Kafka, record: Fetched) -> None:
    await producer.send_and_wait(
        kafka.prefix + DEAD_LETTERS,
        record.value,
        key=record.key,
        partition=record.partition,
        headers=list(record.headers),
    )


def listed(done) -> list[dict]:
    assert (done.exit_code, done.exception) == (0, None)
    return [json.loads(line) for line in done.stdout.splitlines()]


def states(dlq) -> dict[str, str]:
    return {each["letter"]: each["state"] for each in listed(dlq("list", "--json"))}


def test_letters_are_listed_with_what_is_wrong_and_never_with_a_body(dlq):
    done = dlq("list")

    assert "3:10" in done.stdout
    assert "items: [0] missing" in done.stdout
    assert "builtins.KeyError" in done.stdout
    assert "2 open" in done.stdout
    assert "Ana" not in done.stdout
    assert "no letters of subfold's: 1" in done.stderr


def test_a_body_is_shown_when_it_is_asked_for(dlq):
    assert '{"name": "Ana"}' not in dlq("show", "3:10").stdout
    assert 'body: {"name": "Ana"}' in dlq("show", "3:10", "--body").stdout
    assert "no dead letter of the record 3:99" in str(dlq("show", "3:99").exception)


def test_nothing_is_done_to_letters_that_nobody_named(dlq):
    for verb in ("redrive", "discard"):
        assert "say which letters" in str(dlq(verb).exception)

    tried = dlq("redrive", "--all", "--dry-run")
    assert "would be redriven: 2" in tried.stdout
    assert set(states(dlq).values()) == {"open"}


def test_letters_are_redriven_once_unless_it_is_asked_for_again(dlq):
    first = dlq("redrive", "--reason", "bug", "--why", "mended")
    second = dlq("redrive", "--reason", "bug")
    third = dlq("redrive", "--reason", "bug", "--again")

    assert first.stdout == "redriven: 1\n"
    assert second.stdout == "redriven: 0\nleft as they are: 1 redriven\n"
    assert third.stdout == "redriven: 1\n"
    assert states(dlq) == {"3:10": "open", "3:11": "redriven"}
    assert "why mended" in dlq("show", "3:11").stdout


def test_what_is_discarded_is_open_no_more(dlq):
    assert dlq("discard", "--customer", ANA, "--offset", "3:10").stdout == "discarded: 1\n"

    assert [each["letter"] for each in listed(dlq("list", "--open", "--json"))] == ["3:11"]
    [done] = listed(dlq("redrive", "--all", "--json"))
    assert done == {"letter": "3:11", "done": "redriven", "written": "3:0"}
    assert states(dlq) == {"3:10": "discarded", "3:11": "redriven"}
