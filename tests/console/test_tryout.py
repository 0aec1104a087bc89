"""Rules tried out on the log of a real Kafka: what was told then is what is found again."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter

import orjson
import pytest_asyncio

from console.access.visitor import LOCAL
from console.actions.tryout import rules_of, try_out
from filled import simulated_year
from schemas.settings import BusinessSettings
from streams.log.records import LOGGED_AT
from streams.log.topics import LOG
from streams.settings import Config
from web import browser, make_console
from worker_stage import stage

SEVERAL = 12
ALL = 1_000


@pytest_asyncio.fixture
async def scene(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        for record in simulated_year(SEVERAL):
            if record.topic == LOG:
                logged_at = (LOGGED_AT, str(record.timestamp).encode())
                await made.producer.send(
                    made.kafka.prefix + LOG,
                    record.value,
                    key=record.key,
                    partition=sum(record.key or b"") % made.kafka.partitions,
                    headers=[*record.headers, logged_at],
                )
        await made.producer.flush()
        yield made


def console_at(scene, filled):
    console = make_console(filled)
    config = Config(path=None, deployment=scene.deployment, business=BusinessSettings())
    return dataclasses.replace(console, config=config)


async def finished(job):
    while job.is_running:  # noqa: ASYNC110 - it runs in a thread, which knows no events of a loop
        await asyncio.sleep(0.05)
    return job


async def test_the_rules_of_then_find_what_was_told_then(scene, filled):
    told = Counter(
        orjson.loads(each.value)["automation"]
        for each in simulated_year(SEVERAL)
        if dict(each.headers).get("ce_type") == b"automation.triggered"
        and each.key.split(b"/")[2] == b"live"
    )
    job = await finished(
        try_out(
            console_at(scene, filled),
            LOCAL,
            BusinessSettings().automations,
            livemode=True,
            days=365 + 1,
            customers=ALL,
        )
    )

    assert job.error is None
    assert job.percent == 100
    assert told.total() > 30
    assert {rule.name: rule.triggered for rule in job.result.rules} == {
        rule.name: told[rule.name] for rule in job.result.rules
    }
    assert job.result.customers == SEVERAL + 1  # and the one with strange strings


async def test_a_new_rule_finds_what_nobody_was_told_and_the_page_shows_it(scene, filled):
    console = console_at(scene, filled)
    text = 'name = "early"\non = "renewal_upcoming"\nbefore = "11d"'
    rules = rules_of(text, BusinessSettings())
    job = await finished(try_out(console, LOCAL, rules, livemode=True, days=90, customers=ALL))
    (rule,) = job.result.rules
    page = await asyncio.to_thread(browser(console).get, "/automations/tryout")

    assert rule.triggered > 5
    assert not rule.skipped
    due = [each.due_at for each in job.result.moments]
    assert due == [each.at for each in job.result.moments]
    assert all(job.result.first_day <= at[:10] <= job.result.last_day for at in due)
    assert page.status_code == 200
    assert "What these rules would have told" in page.text
    assert "11 days before a subscription renews" in page.text


async def test_when_kafka_is_away_the_job_says_so(scene, filled):
    console = console_at(scene, filled)
    kafka = scene.deployment.kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    away = scene.deployment.model_copy(update={"kafka": kafka})
    console = dataclasses.replace(
        console, config=Config(path=None, deployment=away, business=BusinessSettings())
    )
    job = await finished(try_out(console, LOCAL, (), livemode=True, days=1, customers=ALL))

    assert job.result is None
    assert "127.0.0.1:1" in job.error
