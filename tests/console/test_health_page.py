"""Given a console: what its page says of health, and dead letters that are given back by it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import select

from console.access.tables import audit
from fetched import fetched, headers
from filled import UNTIL
from schemas.errors import BadRecordError, DeadLetterReason
from streams.log.admin import create_topics
from streams.log.topics import DEAD_LETTERS, LOG
from streams.settings import Deployment, Kafka
from streams.worker.dead_letters import dead_letter
from streams.worker.lag import lags, worker_lags
from streams.worker.letter_topic import read_letters
from streams.worker.letters import Place
from web import browser, client, make_console

NASTY = b'{"id": "<script>alert(1)</script>"'
BAD = BadRecordError(DeadLetterReason.NOT_JSON, "the body is no JSON")


async def done(here, kind):
    for _ in range(600):
        job = here.console.jobs.latest(kind)
        if job and not job.is_running:
            return job
        await asyncio.sleep(0.1)
    raise AssertionError(f"{kind} is not done")


async def test_without_a_kafka_it_never_says_that_all_is_well(filled):
    here = client(filled, "viewer")
    here.get("/health")
    assert (await done(here, "cluster")).error
    page = here.get("/health").text

    assert "trusted</span>" not in page
    assert "not fully</span>" in page
    assert "could not be looked at" in page
    assert "1 dead letter could not be taken in" in page
    assert "version 2" in page
    assert 'name="why"' not in page
    assert here.post_form("/health/redrive", {"reason": "bad_object"}).status_code == 403


def test_letters_are_listed_by_state_and_odd_words_in_the_address_do_no_harm(filled):
    here = client(filled)

    assert "status: not a text" in here.get("/health").text
    assert "ana@example.com: a test" in here.get("/health?state=redriven").text
    assert "3 letters" in here.get("/health?state=all").text
    for query in ("state=x", "offset=-1", "offset=x", "offset=99999999999", "reason=<script>"):
        assert here.get(f"/health?{query}").status_code == 200
    for place in ("x", "1", "1:x", "99999999999:1"):
        assert here.get(f"/health/letters/{place}").status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"reason": "not_json"}, "Say why"),
        ({"why": "fixed"}, "Name one dead letter, or a reason"),
        ({"why": "fixed", "reason": "x"}, "Name one"),
        ({"why": "fixed", "place": "x"}, "Name one"),
    ],
)
def test_a_redrive_says_what_and_why(filled, form, words):
    answer = client(filled).post_form("/health/redrive", form)

    assert answer.status_code == 422
    assert words in answer.text


@pytest.fixture
async def kafka(bootstrap_servers, prefix):
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=2)
    await create_topics(Deployment(kafka=kafka))
    return kafka


@pytest.fixture
async def producer(kafka):
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as made:
        yield made


@pytest.fixture
def here(filled, kafka):
    """A console over a real broker."""
    console = make_console(filled)
    deployment = console.config.deployment.model_copy(update={"kafka": kafka})
    return browser(
        replace(console, config=console.config.model_copy(update={"deployment": deployment}))
    )


async def append(producer, kafka, topic, record):
    await producer.send_and_wait(
        kafka.prefix + topic,
        record.value,
        key=record.key,
        partition=record.partition,
        headers=list(record.headers),
    )


async def bury(producer, kafka, body, offset):
    record = fetched(body, offset, partition=1, headers=headers())
    await append(producer, kafka, LOG, record)
    letter = dead_letter(record, BAD)
    buried = fetched(letter.value, partition=1, key=letter.key, headers=tuple(letter.headers))
    await append(producer, kafka, DEAD_LETTERS, buried)


async def test_a_letter_is_shown_whole_and_given_back_once_and_then_all_of_its_reason(
    here, kafka, producer
):
    for offset in range(3):
        await bury(producer, kafka, NASTY, offset)

    page = (await asyncio.to_thread(here.get, "/health/letters/1:1")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "not json" in page

    form = {"place": "1:1", "why": "the rules were mended"}
    assert (await asyncio.to_thread(here.post_form, "/health/redrive", form)).status_code == 303
    assert (await done(here, "redrive")).result.letters == 1
    assert "1 letter by local" in here.get("/health").text
    letters = (await read_letters(kafka)).by_place
    assert [letters[Place(1, offset)].state for offset in range(3)] == ["open", "redriven", "open"]
    assert letters[Place(1, 1)].deeds[-1].why == "the rules were mended"
    assert letters[Place(1, 1)].deeds[-1].by == "local"

    for expected in (2, 0):
        form = {"reason": "not_json", "why": "all of them"}
        await asyncio.to_thread(here.post_form, "/health/redrive", form)
        assert (await done(here, "redrive")).result.letters == expected
    with here.console.access.connect() as connection:
        notes = connection.execute(select(audit)).all()
    assert [each.what for each in notes] == ["dead_letter.redriven"] * 3
    assert "the rules were mended" in notes[0].details


async def test_how_far_workers_are_behind_is_told_in_records_and_seconds(here, kafka, producer):
    await bury(producer, kafka, NASTY, 0)
    found = await worker_lags(Deployment(kafka=kafka))

    behind = {each.partition: (each.position, each.records) for each in found}
    assert behind == {0: (None, 0), 1: (None, 1)}
    assert [each.oldest_at is None for each in found] == [True, False]
    read = await lags(kafka, {(LOG, 1): 1, (LOG, 0): 0})
    assert [(each.records, each.oldest_at) for each in read] == [(0, None), (0, None)]

    here.get("/health")
    cluster = await done(here, "cluster")
    assert cluster.error is None
    assert cluster.started_at == UNTIL
    page = here.get("/health").text
    assert "stripe.events.v1" in page
    assert "1 broker" in page
