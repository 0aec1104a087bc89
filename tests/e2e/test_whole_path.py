"""Given the door, the log and the worker as processes: webhooks in, rows and updates out."""

from __future__ import annotations

import asyncio
from collections import Counter

import orjson
import pytest

from build import START, customer, subscription, updated
from cli.demo.postings import scripted_postings
from cli.webhooks import Posting
from ingest_process import Ingest, running
from streams.log.topics import DEAD_LETTERS, LOG
from stripe_side import SECRET
from worker_process import until
from worker_stage import EVENTS, Stage, stage

CANARY = "canary.7f3a9@example.com"


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


@pytest.fixture
async def door(tmp_path, bootstrap_servers, prefix, here):
    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        yield ingest


async def post(door: Ingest, postings: list[Posting]) -> None:
    for posting in postings:
        answer = await door.send(posting.body)
        assert answer.status == 200


async def test_what_was_posted_comes_out_once_though_the_worker_is_killed_in_the_middle(here, door):
    postings = scripted_postings()
    worker = here.start()
    await worker.ready()
    posting = asyncio.create_task(post(door, postings))

    async def is_begun() -> bool:
        return sum((await here.committed()).values()) > 0

    await until(is_begun)
    assert not posting.done()
    worker.kill()
    await posting
    worker = here.start()
    await worker.ready()
    await here.until_done()

    # The clock writes into the log, too.
    tick = ("kind", b"tick")
    records = (each for part in await here.read(LOG) for each in part)
    stored = Counter(each.value for each in records if tick not in each.headers)
    assert stored == Counter(each.body for each in postings)
    await here.judge()
    assert '"changelog_records": 0' not in worker.text
    ids = [
        dict(each.headers)["ce_id"]
        for topic in EVENTS
        if topic != DEAD_LETTERS
        for part in await here.read(topic)
        for each in part
    ]
    assert len(ids) == len(set(ids)) > 100


async def private_words(here: Stage, door: Ingest) -> str:
    """All that people and machines who watch subfold can see, other than the data themselves."""
    letters = [each for part in await here.read(DEAD_LETTERS) for each in part]
    pages = [await door.get("/metrics"), await here.workers[0].get("/metrics")]
    headers = [f"{name}={value}" for each in letters for name, value in each.headers]
    return "\n".join([door.log.read_text(), here.workers[0].text, *map(str, pages), *headers])


async def test_secrets_and_personal_data_are_found_in_no_log_metric_or_header(here, door):
    worker = here.start()
    await worker.ready()
    bad = updated(subscription(status={"email": CANARY}), at=START)
    for body in (
        updated(customer(email=CANARY)),
        bad,
        CANARY.encode(),
        {"object": "event", "type": 7, "id": "evt_1", "note": CANARY},
        updated(customer(email=CANARY), account="acct_1"),
    ):
        answer = await door.send(body if isinstance(body, bytes) else orjson.dumps(body))
        assert answer.status == 200
    refused = await door.send(CANARY.encode(), header="t=1,v1=canarysignature")
    assert refused.status == 400
    await here.until_done()
    await worker.until_told('subfold_events_total{outcome="dead_lettered"} 4.0')

    seen = await private_words(here, door)
    for word in (CANARY, SECRET, "canarysignature"):
        assert word not in seen
    assert "foreign_account" in seen
