"""The embedded Kafka by itself: what it keeps, who may have its folder, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.errors import BrokerError
from streams.log.embedded import EmbeddedCluster, EmbeddedKafka, owner_of

TOPIC = "t"
LAUNCH = """
import sys, time
from pathlib import Path
from streams.log.embedded import EmbeddedKafka
kafka = EmbeddedKafka(Path(sys.argv[1]))
kafka.start()
print(kafka.pid, flush=True)
time.sleep(600)
"""


async def create_topic(servers: str, *, replicas: int = 1, name: str = TOPIC) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, replicas)])
    finally:
        await admin.close()


async def send(servers: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(TOPIC, value)


async def read(servers: str) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    async with consumer:
        (partition,) = consumer.assignment()
        end = (await consumer.end_offsets([partition]))[partition]
        values: list[bytes] = []
        while await consumer.position(partition) < end:
            batch = await consumer.getmany(timeout_ms=200)
            values += [record.value for records in batch.values() for record in records]
        return values


def wait_until_gone(pid: int) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)


async def test_records_and_address_are_kept_over_a_clean_stop(tmp_path: Path):
    with EmbeddedKafka(tmp_path) as kafka:
        await create_topic(kafka.bootstrap_servers)
        await send(kafka.bootstrap_servers, b"1", b"2")
        first_address = kafka.bootstrap_servers
    assert kafka.wait() == 143

    with EmbeddedKafka(tmp_path) as kafka:
        assert kafka.bootstrap_servers == first_address
        assert await read(kafka.bootstrap_servers) == [b"1", b"2"]


async def test_records_are_kept_when_the_broker_is_killed(tmp_path: Path):
    with EmbeddedKafka(tmp_path) as kafka:
        await create_topic(kafka.bootstrap_servers)
        await send(kafka.bootstrap_servers, b"1", b"2")
        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGKILL)
        assert kafka.wait() == -signal.SIGKILL

    with EmbeddedKafka(tmp_path) as kafka:
        await send(kafka.bootstrap_servers, b"3")
        assert await read(kafka.bootstrap_servers) == [b"1", b"2", b"3"]


def test_second_start_on_a_folder_says_who_has_it(tmp_path: Path):
    with EmbeddedKafka(tmp_path) as kafka:
        with pytest.raises(BrokerError, match=rf"process {kafka.pid}, on port \d+, has this data"):
            EmbeddedKafka(tmp_path).start()

        assert kafka.is_running
        owner = owner_of(tmp_path)
        assert owner
        assert (owner.pid, owner.address, owner.is_ready) == (
            kafka.pid,
            kafka.bootstrap_servers,
            True,
        )
    assert owner_of(tmp_path) is None


def test_a_named_port_that_is_taken_is_refused_and_the_folder_let_go(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(BrokerError, match=f"port {port} is taken"):
            EmbeddedKafka(tmp_path, port).start()
    assert owner_of(tmp_path) is None


def test_the_broker_is_gone_when_its_launcher_is_killed(tmp_path: Path):
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout
    pid = int(launcher.stdout.readline())

    launcher.kill()
    launcher.wait()

    wait_until_gone(pid)
    assert owner_of(tmp_path) is None


def test_a_format_that_was_broken_off_is_done_over(tmp_path: Path):
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "meta.properties").write_text("version=1\n")

    with EmbeddedKafka(tmp_path) as kafka:
        assert kafka.is_running


def test_a_broker_that_cannot_start_says_why(tmp_path: Path):
    with EmbeddedKafka(tmp_path):
        pass
    (tmp_path / "metadata" / "meta.properties").write_text("version=1\ncluster.id=other\n")

    with pytest.raises(BrokerError, match=r"(?s)Kafka did not start.*metadata log directory"):
        EmbeddedKafka(tmp_path).start()
    assert owner_of(tmp_path) is None


async def test_three_nodes_keep_going_when_one_is_killed(tmp_path: Path):
    with EmbeddedCluster(tmp_path) as cluster:
        servers = cluster.bootstrap_servers
        await create_topic(servers, replicas=3)
        await send(servers, b"1")
        first = cluster.nodes[0]
        assert first.pid is not None

        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        await send(servers, b"2")
        cluster.start()

        assert first.is_running
        assert await read(servers) == [b"1", b"2"]
