from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import DBAPIError

from console.read_model import reader as reading
from console.read_model.positions import write_batch
from console.read_model.reader import Reader
from console.read_model.tables import accounts, objects
from filled import UNTIL, Topics, put_log, simulated_year
from read_model_judge import content
from schemas.codec import NewerRowError
from schemas.settings import BusinessSettings, SettingsInForce
from streams.log.topics import CUSTOMERS, LOG, changelog_name
from streams.worker.marker import SETTINGS_KEY, encode_settings
from tests import build
from worker_process import until
from worker_stage import Stage, stage

SEVERAL = 12


def now() -> float:
    return UNTIL


async def fill_topics(scene: Stage, *, customers: int = SEVERAL) -> None:
    """Write a year into Kafka: the parts of a subject go to one partition."""
    names = {"changelog": changelog_name(scene.deployment.worker.application)}
    sent = [
        await scene.producer.send(
            scene.kafka.prefix + names.get(record.topic, record.topic),
            record.value,
            key=record.key,
            partition=sum(record.key or b"") % scene.kafka.partitions,
            headers=list(record.headers),
        )
        for record in simulated_year(customers)
    ]
    await asyncio.gather(*sent)


@pytest_asyncio.fixture
async def scene(tmp_path: Path, bootstrap_servers: str, prefix: str) -> AsyncIterator[Stage]:
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        await fill_topics(made)
        yield made


async def read_in_one_go(scene: Stage, engine: Engine) -> dict[str, Any]:
    await Reader(scene.deployment, engine, now).catch_up()
    return content(engine)


async def test_reads_all_topics(scene: Stage, engines):
    engine = engines()

    await Reader(scene.deployment, engine, now).catch_up()

    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(accounts)) == SEVERAL + 2
        assert connection.scalar(select(func.count()).select_from(objects)) > SEVERAL
    assert all(content(engine)[name] for name in ("updates", "events", "dead_letters", "armed"))


async def test_a_reader_that_is_killed_anywhere_goes_on_where_it_was(
    scene: Stage, engines, monkeypatch: pytest.MonkeyPatch
):
    expected = await read_in_one_go(scene, engines())
    engine, died = engines(), 0
    monkeypatch.setattr(reading, "BATCH", 400)

    for statement in (3, 5, 8, 13, 21, 34, 55, 89, 144):
        with dying_at(engine, statement):
            try:
                await Reader(scene.deployment, engine, now).catch_up()
            except KilledError:
                died += 1
    await Reader(scene.deployment, engine, now).catch_up()

    assert died > 3
    assert content(engine) == expected


async def test_a_reader_that_is_stopped_anywhere_goes_on_where_it_was(
    scene: Stage, engines, monkeypatch: pytest.MonkeyPatch
):
    expected = await read_in_one_go(scene, engines())
    engine = engines()
    monkeypatch.setattr(reading, "BATCH", 300)

    written = asyncio.Event()
    loop = asyncio.get_running_loop()

    def write(*args: Any, **more: Any) -> bool:
        loop.call_soon_threadsafe(written.set)
        return write_batch(*args, **more)

    monkeypatch.setattr(reading, "write_batch", write)
    for _ in range(4):
        written.clear()
        task = asyncio.create_task(Reader(scene.deployment, engine, now).run())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await Reader(scene.deployment, engine, now).catch_up()

    assert content(engine) == expected


async def test_two_readers_of_one_database_do_no_harm(
    scene: Stage, engines, monkeypatch: pytest.MonkeyPatch
):
    expected = await read_in_one_go(scene, engines())
    engine = engines()
    monkeypatch.setattr(reading, "BATCH", 400)

    await asyncio.gather(*(Reader(scene.deployment, engine, now).catch_up() for _ in range(2)))

    assert content(engine) == expected


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


class KilledError(Exception):
    """Stands for the death of the process between two statements."""


class dying_at:  # noqa: N801 - reads as a context
    """Let the so-manieth statement of an engine fail as nothing else does."""

    def __init__(self, engine: Engine, statement: int) -> None:
        self._engine, self._left = engine, statement

    def __enter__(self) -> None:
        event.listen(self._engine, "before_cursor_execute", self._count)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            raise KilledError
