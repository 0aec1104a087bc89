"""The door while Kafka is slow, and told to stop under load: nothing that it answered is lost."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import aiohttp
import pytest

import patched_ingest
from behind_the_door import fold
from build import START, subscription, updated
from ingest_process import PATIENCE_S, read_log, running
from streams.ingest.door import STORING_MAX
from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.node import free_port
from streams.pipeline import Outcome
from test_ingest_process import make_topics

PATIENT = (
    sys.executable,
    Path(patched_ingest.__file__),
    "log.ACK_TIMEOUT_S=60",
    "log.REQUEST_TIMEOUT_MS=60000",
)
HASTY = (sys.executable, Path(patched_ingest.__file__), "log.ACK_TIMEOUT_S=1")


def bodies_of(count):
    return [json.dumps(updated(subscription(), id=f"evt_{n}")).encode() for n in range(count)]


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory):
    """A broker of our own, that may be frozen."""
    kafka = EmbeddedKafka(tmp_path_factory.mktemp("kafka"), free_port())
    kafka.start()
    yield kafka
    kafka.stop()


@pytest.fixture
def kafka(own_kafka):
    yield own_kafka
    os.kill(own_kafka.pid, signal.SIGCONT)


async def test_in_a_burst_over_a_slow_kafka_what_has_no_place_comes_again(kafka, prefix, tmp_path):
    """F20, F24: there is no queue without end; what waits is answered when Kafka is back."""
    await make_topics(kafka.bootstrap_servers, prefix)
    bodies = bodies_of(STORING_MAX * 2)
    async with running(tmp_path, kafka.bootstrap_servers, prefix, program=PATIENT) as ingest:
        await ingest.until("/readyz", 200)
        os.kill(kafka.pid, signal.SIGSTOP)
        burst = [asyncio.create_task(ingest.send(body)) for body in bodies]
        without_place = islice(asyncio.as_completed(burst), len(bodies) - STORING_MAX)
        refused = [await answer for answer in without_place]
        alive = (await ingest.get("/livez"))[0]
        os.kill(kafka.pid, signal.SIGCONT)
        answers = await asyncio.gather(*burst)
        # As Stripe does.
        left = [body for body, answer in zip(bodies, answers, strict=True) if answer.status != 200]
        again = await asyncio.gather(*map(ingest.send, left))
        assert await ingest.stop() == 0

    records = await read_log(kafka.bootstrap_servers, prefix)
    assert alive == 200
    assert {answer.status for answer in refused} == {503}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert Counter(answer.status for answer in answers) == {200: STORING_MAX, 503: STORING_MAX}
    assert {answer.status for answer in again} == {200}
    assert Counter(record.value for record in records) == Counter(bodies)


async def test_what_was_refused_and_written_all_the_same_is_a_duplicate(kafka, prefix, tmp_path):
    """F21: 503 does not mean "not stored". F19: it goes on by itself when Kafka is back."""
    await make_topics(kafka.bootstrap_servers, prefix)
    [body] = bodies_of(1)
    async with running(tmp_path, kafka.bootstrap_servers, prefix, program=HASTY) as ingest:
        await ingest.until("/readyz", 200)
        os.kill(kafka.pid, signal.SIGSTOP)
        refused = await ingest.send(body)
        await ingest.until("/readyz", 503)
        os.kill(kafka.pid, signal.SIGCONT)
        await ingest.until("/readyz", 200)
        again = await ingest.send(body)
        assert await ingest.stop() == 0

    records = await read_log(kafka.bootstrap_servers, prefix)
    assert (refused.status, again.status) == (503, 200)
    assert [record.value for record in records] == [body, body]
    stored = [
        {"key": each.key.decode(), "value": each.value, "headers": dict(each.headers)}
        for each in records
    ]
    assert fold(stored, at=START).seen == {Outcome.FOLDED: 1, Outcome.DUPLICATE: 1}


async def test_told_to_stop_while_kafka_is_frozen_it_refuses_what_it_has_and_ends(
    kafka, prefix, tmp_path
):
    """F23: it waits for Kafka as long as ever, and for nothing beyond that."""
    await make_topics(kafka.bootstrap_servers, prefix)
    bodies = bodies_of(20)
    async with running(tmp_path, kafka.bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        os.kill(kafka.pid, signal.SIGSTOP)
        waiting = [asyncio.create_task(ingest.send(body)) for body in bodies]
        await ingest.until("/readyz", 503)
        code = await ingest.stop()
        answers = await asyncio.gather(*waiting)

    assert code == 0
    assert {answer.status for answer in answers} == {503}


async def test_told_to_stop_under_load_it_loses_nothing_that_it_answered(
    bootstrap_servers, prefix, tmp_path
):
    """F23: senders go on until they are turned away; what got 200 is in the log."""
    await make_topics(bootstrap_servers, prefix)
    bodies = iter(bodies_of(100_000))
    answered, others, has_load = [], Counter(), asyncio.Event()

    async def sender(ingest):
        for body in bodies:
            try:
                status = (await ingest.send(body)).status
            except aiohttp.ClientError:
                return
            if status == 200:
                answered.append(body)
            else:
                others[status] += 1
            if len(answered) > 200:
                has_load.set()

    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        senders = [asyncio.create_task(sender(ingest)) for _ in range(50)]
        async with asyncio.timeout(PATIENCE_S):
            await has_load.wait()
        code = await ingest.stop()
        await asyncio.gather(*senders)

    stored = Counter(record.value for record in await read_log(bootstrap_servers, prefix))
    assert code == 0
    assert Counter(answered) - stored == Counter()
    assert set(others) <= {503}
