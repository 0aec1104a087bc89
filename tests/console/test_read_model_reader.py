"""The reader takes in what the topics have, and begins anew when they are other ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from console.read_model import reader as reading
from console.read_model.log_tables import objects
from console.read_model.reader import Reader
from console.read_model.tables import accounts
from filled import UNTIL, Topics, put_log, simulated_year
from read_model_judge import content
from reader_scene import SEVERAL, now, read_in_one_go
from schemas.codec import NewerRowError
from schemas.settings import BusinessSettings, SettingsInForce
from streams.log.topics import CUSTOMERS, LOG, changelog_name
from streams.worker.marker import SETTINGS_KEY, encode_settings
from tests import build
from worker_process import until
from worker_stage import Stage, stage


async def test_reads_all_topics(scene: Stage, engines):
    engine = engines()

    await Reader(scene.deployment, engine, now).catch_up()

    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(accounts)) == SEVERAL + 2
        assert connection.scalar(select(func.count()).select_from(objects)) > SEVERAL
    assert all(content(engine)[name] for name in ("updates", "events", "dead_letters", "armed"))


async def test_what_is_deleted_under_a_running_reader_is_read_again(
    scene: Stage, engines, monkeypatch: pytest.MonkeyPatch
):
    expected = await read_in_one_go(scene, engines())
    engine = engines()
    monkeypatch.setattr(reading, "RETRY_S", 0.1)
    reader = Reader(scene.deployment, engine, now)
    await reader.catch_up()
    task = asyncio.create_task(reader.run())

    delete(engine)
    body = orjson.dumps(build.event("charge.succeeded", {"id": "ch_1", "object": "charge"}))
    log_record = put_log(Topics(), body, at_s=UNTIL)
    await scene.producer.send_and_wait(
        scene.names.log, body, key=log_record.key, headers=list(log_record.headers)
    )

    async def is_there_again() -> bool:
        return len(content_or_nothing(engine).get("accounts", ())) == SEVERAL + 2

    await until(is_there_again)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await Reader(scene.deployment, engine, now).catch_up()

    found = content(engine)
    assert found["accounts"] == expected["accounts"]
    assert len(found["objects"]) == len(expected["objects"]) + 1


def delete(engine: Engine) -> None:
    """Do what docs/read-model.md says, while somebody reads into it."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            (_, _, file), *_ = connection.exec_driver_sql("PRAGMA database_list").all()
        for each in Path(file).parent.glob("read_model.db*"):
            each.unlink()
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA read_model CASCADE")


def content_or_nothing(engine: Engine) -> dict[str, Any]:
    try:
        return content(engine)
    except DBAPIError:
        return {}


async def test_another_cluster_makes_it_anew(
    tmp_path: Path, bootstrap_servers: str, prefix: str, scene: Stage, engines
):
    engine = engines()
    await Reader(scene.deployment, engine, now).catch_up()

    async with stage(tmp_path, bootstrap_servers, f"{prefix}other.") as other:
        await Reader(other.deployment, engine, now).catch_up()

    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(accounts)) == 0


async def test_a_log_that_is_shorter_now_makes_it_anew(scene: Stage, engines):
    engine = engines()
    await Reader(scene.deployment, engine, now).catch_up()

    await scene.make_log_anew()
    await Reader(scene.deployment, engine, now).catch_up()

    assert content(engine)["events"] == []
    assert len(content(engine)["accounts"]) == SEVERAL + 2


async def test_goes_past_what_cannot_be_read(scene: Stage, engines):
    engine = engines()
    row = next(each.value for each in simulated_year(1) if each.topic == CUSTOMERS) or b""
    timeless = orjson.dumps({**orjson.loads(row), "as_of": "never", "subject": "main/-/live/odd"})
    for topic, key, value in (
        (CUSTOMERS, b"main/-/live/cus_odd", b"{}"),
        (CUSTOMERS, b"main/-/live/odd", timeless),
        (LOG, b"\xff\0", b"{}"),
    ):
        await scene.producer.send_and_wait(scene.kafka.prefix + topic, value, key=key)

    await Reader(scene.deployment, engine, now).catch_up()

    gone_past = Counter(topic for topic, *_ in content(engine)["not_shown"])
    assert gone_past[CUSTOMERS] == 2
    assert gone_past[LOG] >= 1
    assert len(content(engine)["accounts"]) == SEVERAL + 2


async def test_stops_at_what_a_newer_release_wrote(scene: Stage, engines):
    value = b'{"schema_version": 2}'
    key = b"main/-/live/cus_new"
    await scene.producer.send_and_wait(scene.kafka.prefix + CUSTOMERS, value, key=key)

    with pytest.raises(NewerRowError, match="newer release"):
        await Reader(scene.deployment, engines(), now).run()


async def test_newer_settings_let_the_rows_of_their_partition_be_read_again(scene: Stage, engines):
    engine = engines()
    await Reader(scene.deployment, engine, now).catch_up()
    content_ = BusinessSettings(automations=())
    settings = SettingsInForce().followed_by(1, content_, at=0)
    topic = scene.kafka.prefix + changelog_name(scene.deployment.worker.application)
    assert content(engine)["armed"]

    for partition in range(scene.kafka.partitions):
        await scene.producer.send_and_wait(
            topic, encode_settings(settings), key=SETTINGS_KEY, partition=partition
        )
    await Reader(scene.deployment, engine, now).catch_up()

    assert content(engine)["armed"] == []
    assert content(engine) == await read_in_one_go(scene, engines())
