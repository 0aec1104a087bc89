"""The broker that tests run against: one for a whole run, on any machine.

Three lanes, the same Kafka in each: `KAFKA_BOOTSTRAP_SERVERS` when set; a container where Docker
answers; else the embedded Kafka.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import docker
from aiokafka.admin import AIOKafkaAdminClient
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.jars import KAFKA_VERSION
from streams.log.embedded.node import free_port
from streams.log.embedded.properties import shared_settings
from streams.log.embedded.ready import wait_until_ready

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
START_TIMEOUT_S = 90
POLL_S = 0.1


@contextmanager
def broker() -> Iterator[str]:
    """Run a broker, or find the one that is named, and give its address."""
    named = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if named:
        yield named
    elif docker_answers():
        with container_broker() as address:
            yield address
    else:
        with tempfile.TemporaryDirectory() as folder, EmbeddedKafka(Path(folder)) as kafka:
            yield kafka.bootstrap_servers


def docker_answers() -> bool:
    try:
        client = docker.from_env(timeout=5)
    except DockerException:
        return False
    try:
        return client.ping()
    except DockerException:
        return False
    finally:
        client.close()


@contextmanager
def container_broker() -> Iterator[str]:
    port = free_port()
    container = DockerContainer(IMAGE).with_bind_ports(9092, port)
    for key, value in container_settings(port).items():
        container = container.with_env("KAFKA_" + key.upper().replace(".", "_"), str(value))
    with container:
        if not wait_until_ready((port,), is_running=lambda: True, timeout_s=START_TIMEOUT_S):
            raise RuntimeError(b"\n".join(container.get_logs()).decode(errors="replace"))
        yield f"127.0.0.1:{port}"


def container_settings(port: int) -> dict[str, str | int]:
    return {
        "node.id": 1,
        "process.roles": "broker,controller",
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "CLIENTS://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"CLIENTS://127.0.0.1:{port}",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
        **shared_settings(replicas=1),
    }


@contextmanager
def shared_broker(folder: Path) -> Iterator[str]:
    """Give the one broker of a test run to each of its processes.

    The first process that asks starts it; it stops it when all others are done.

    Args:
        folder: Common to the processes of this run, and of no other.
    """
    address = folder / "bootstrap-servers"
    with (folder / "users").open("w") as users, ExitStack() as ours:
        with _only_one(folder):
            is_first = not address.exists()
            if is_first:
                address.write_text(ours.enter_context(broker()))
            else:
                fcntl.flock(users, fcntl.LOCK_SH)
        yield address.read_text()
        if is_first:
            _when_unused(folder, users.fileno(), address)


async def delete_topics(bootstrap_servers: str, prefix: str) -> None:
    """Delete the topics of a test that is over."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        if names := [name for name in await admin.list_topics() if name.startswith(prefix)]:
            await admin.delete_topics(names)
    finally:
        await admin.close()


def _when_unused(folder: Path, users: int, address: Path) -> None:
    while True:
        with _only_one(folder):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                address.unlink()
                return
        time.sleep(POLL_S)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / "broker.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
