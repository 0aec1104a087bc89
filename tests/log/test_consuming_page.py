"""Given the programs of docs/consuming.md as a reader copies them: they do what the page says."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from build import START, SUBJECT, subscription, updated
from fetched import ListRows, fetched
from schemas.settings import SettingsInForce
from streams.clocks import NO_CLOCKS
from streams.log.admin import create_topics
from streams.log.embedded.jars import cache_folder
from streams.log.topics import STAGES, TRIGGERS
from streams.settings import Deployment, Kafka
from streams.worker.batch import Output, fold_batch
from worker_process import until

PAGE = (Path(__file__).parents[2] / "docs" / "consuming.md").read_text(encoding="utf-8")
AIOKAFKA, CONFLUENT = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
[JAVA] = re.findall(r"```java\n(.*?)```", PAGE, re.DOTALL)
HISTORY = (
    subscription(status="trialing"),
    subscription(status="active"),
    subscription(cancel_at_period_end=True),
    subscription(cancel_at_period_end=False),
    subscription("sub_2"),
    subscription("sub_2", cancel_at_period_end=True),
)


def told() -> list[Output]:
    """What a worker tells of a customer who was on trial, cancels, repents, cancels another."""
    records = [
        fetched(updated(thing, at=START + number), number) for number, thing in enumerate(HISTORY)
    ]
    folded = fold_batch(records, ListRows(), SettingsInForce(), NO_CLOCKS)
    return [each for each in folded.outputs if each.topic in {STAGES, TRIGGERS}]


@pytest.fixture
async def kafka(bootstrap_servers, prefix) -> Kafka:
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=1)
    await create_topics(Deployment(kafka=kafka))
    for commits in (False, True):
        await tell(kafka, commits=commits)
    return kafka


async def tell(kafka: Kafka, *, commits: bool) -> None:
    """Write it as a worker does; one that dies leaves it without a commit."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, transactional_id=f"{kafka.prefix}worker"
    )
    async with producer:
        await producer.begin_transaction()
        for each in told():
            value = each.value if commits else b"never said"
            await producer.send_and_wait(
                kafka.prefix + each.topic, value, key=each.key, headers=list(each.headers)
            )
        await (producer.commit_transaction if commits else producer.abort_transaction)()


def run(folder: Path, kafka: Kafka, command: list[str], *more: str) -> subprocess.Popen[bytes]:
    topics = [kafka.prefix + name for name in (STAGES, TRIGGERS)]
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [*command, str(kafka.bootstrap_servers), *more, *topics],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def found(folder: Path, query: str) -> list[tuple]:
    with sqlite3.connect(folder / "crm.db") as db:
        try:
            return db.execute(query).fetchall()
        except sqlite3.OperationalError:  # its tables are not made yet
            return []


async def until_seen(folder: Path, process: subprocess.Popen[bytes], count: int) -> None:
    async def is_seen() -> bool:
        assert process.poll() is None, (folder / "output").read_text()
        return found(folder, "SELECT count(*) FROM seen") == [(count,)]

    await until(is_seen)


@pytest.mark.parametrize("client", ["aiokafka", "confluent_kafka"])
async def test_a_python_reader_takes_each_update_once(client, kafka, tmp_path):
    pytest.importorskip(client)
    (tmp_path / "follow.py").write_text(AIOKAFKA)
    (tmp_path / "follow_too.py").write_text(CONFLUENT)
    program = "follow.py" if client == "aiokafka" else "follow_too.py"
    group = f"{kafka.prefix}crm"
    for name in (group, group, f"{group}-anew"):  # at first, after a crash, and from the beginning
        process = run(tmp_path, kafka, [sys.executable, program], name, "crm.db")
        await until_seen(tmp_path, process, len(told()))
        process.kill()
        process.wait()

    assert found(tmp_path, "SELECT subject, stage FROM stages") == [(SUBJECT, "Customer")]
    todo = found(tmp_path, "SELECT automation, state FROM todo ORDER BY rowid")
    assert todo == [
        ("cancellation-scheduled", "called off"),
        ("cancellation-scheduled", "to do"),
    ]


async def test_a_java_reader_prints_each_update_once(kafka, tmp_path):
    if not shutil.which("javac"):
        pytest.skip("no Java compiler here")
    if not list(cache_folder().glob("**/kafka-clients-*.jar")):
        pytest.skip("no client of Kafka for Java here")
    jars = ":".join(map(str, cache_folder().glob("**/*.jar")))
    (tmp_path / "Follow.java").write_text(JAVA)
    compiled = await asyncio.to_thread(
        subprocess.run, ["javac", "-cp", jars, "Follow.java"], cwd=tmp_path, check=False
    )
    assert compiled.returncode == 0
    command = ["java", "-cp", f"{jars}:.", "Follow"]
    process = run(tmp_path, kafka, command, f"{kafka.prefix}java")

    def lines() -> list[str]:
        text = (tmp_path / "output").read_text()
        return [line for line in text.splitlines() if line.startswith(("customer.", "automation."))]

    async def is_printed() -> bool:
        assert process.poll() is None, (tmp_path / "output").read_text()
        return len(lines()) == len(told())

    await until(is_printed)
    process.kill()
    process.wait()
    assert sum("automation.triggered" in line for line in lines()) == 2
    assert "never said" not in "".join(lines())
