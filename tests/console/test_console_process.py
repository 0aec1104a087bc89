"""`subfold console` as a process: it starts, reads, tells, and ends."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from console_process import LOG, PATIENCE_S, Process, running, start
from filled import simulated_year
from streams.log.admin import create_topics
from streams.log.embedded.node import free_port
from streams.log.topics import CUSTOMERS
from streams.settings import Deployment

LIVE = "main/-/live/cus_nasty"


@pytest.fixture
async def deployment(bootstrap_servers: str, prefix: str) -> Deployment:
    kafka = {"bootstrap_servers": bootstrap_servers, "prefix": prefix, "partitions": 1}
    found = Deployment(kafka=kafka)
    await create_topics(found)
    return found


@pytest.fixture(scope="module")
def row() -> bytes:
    """One row as readers get it."""
    records = simulated_year(customers=1)
    rows = [each for each in records if each.topic == CUSTOMERS and each.key == LIVE.encode()]
    assert rows[-1].value
    return rows[-1].value


async def write_row(deployment: Deployment, row: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=deployment.kafka.bootstrap_servers)
    await producer.start()
    try:
        topic = deployment.kafka.prefix + CUSTOMERS
        await producer.send_and_wait(topic, row, key=LIVE.encode())
    finally:
        await producer.stop()


async def told(console: Process, since: str) -> str:
    """Wait for the first event of `/live`."""
    url = f"{console.url}/live?since={since}"
    async with asyncio.timeout(PATIENCE_S), console.session.get(url) as answer:
        async for line in answer.content:
            if line.startswith(b"event:"):
                return line.decode().split()[1]
    raise AssertionError("the stream ended")


async def test_a_row_in_kafka_is_told_and_on_the_page(
    tmp_path: Path, bootstrap_servers: str, prefix: str, deployment: Deployment, row: bytes
):
    async with running(tmp_path, bootstrap_servers, prefix) as console:
        await console.until("/readyz", 200)
        _, before = await console.get("/accounts")
        since = re.search(r"/live\?since=(\d+)", before)
        assert since
        telling = asyncio.create_task(told(console, since[1]))
        await write_row(deployment, row)
        event = await telling
        _, after = await console.get("/accounts")
        _, as_json = await console.get("/api/v1/accounts")
        _, metrics = await console.get("/metrics")
        code = await console.stop()

    assert event == "changed"
    assert "cus_nasty" not in before
    assert "cus_nasty" in after
    assert orjson.loads(as_json)["accounts"][0]["customer"] == "cus_nasty"
    assert 'subfold_console_lag_offsets{topic="billing.customers.v1"} 0.0' in metrics
    assert 'subfold_console_requests_total{status="200"}' in metrics
    assert code == 0


async def test_it_ends_at_once_though_pages_are_open(
    tmp_path: Path, bootstrap_servers: str, prefix: str, deployment: Deployment
):
    async with running(tmp_path, bootstrap_servers, prefix) as console:
        await console.until("/readyz", 200)
        async with console.session.get(f"{console.url}/live?since=0") as answer:
            assert answer.status == 200
            code = await console.stop()

    assert code == 0
    assert "console_stopped" in console.text
    assert "Traceback" not in console.text


async def test_without_kafka_it_shows_what_it_has_and_says_that_it_is_not_ready(tmp_path: Path):
    async with running(tmp_path, f"127.0.0.1:{free_port()}", "away.") as console:
        alive = await console.get("/healthz")
        ready = await console.get("/readyz")
        page = await console.get("/accounts")
        code = await console.stop()

    assert (alive[0], ready[0], page[0], code) == (200, 503, 200, 0)


def ended(folder: Path, **environ: str) -> tuple[int, str]:
    code = start(folder, "127.0.0.1:1", "none.", **environ).wait(PATIENCE_S)
    return code, (folder / LOG).read_text()


async def test_a_port_that_is_taken_is_said(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = ended(tmp_path, SUBFOLD_CONSOLE__PORT=str(port))

    assert code == 2
    assert f"[console] cannot listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said


async def test_it_refuses_to_be_open_to_the_network(tmp_path: Path):
    code, said = ended(tmp_path, SUBFOLD_CONSOLE__HOST="0.0.0.0")  # noqa: S104 - must be refused

    assert code == 2
    assert "subfold console user add NAME --role admin" in said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://localhost/x", "mysql is not supported"),
        ("nonsense", "write postgresql://user:password@host/name"),
        ("postgresql://ana:swordfish@127.0.0.1:1/x", "PostgreSQL at 127.0.0.1"),
    ],
)
async def test_a_database_that_cannot_be_used_is_said_without_its_password(
    tmp_path: Path, url: str, words: str
):
    code, said = ended(tmp_path, DATABASE_URL=url)

    assert code == 2
    assert words in said
    assert "swordfish" not in said
