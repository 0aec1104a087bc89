"""When a broker is ready: not when its port opens, but when it keeps what it is told."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.log.embedded.properties import HOST

STEP_S = 0.03
# Its start makes the transaction coordinator write a record with acks=all to a topic of Kafka's
# own, so nothing of ours has to be made to find out.
PROBE = "subfold-ready"


def wait_until_ready(
    ports: tuple[int, ...], *, is_running: Callable[[], bool], timeout_s: float
) -> bool:
    """Wait until all brokers are members of the cluster and a write is acknowledged by it.

    Returns:
        False when a broker ended, or the time is over, before that.
    """
    deadline = time.monotonic() + timeout_s
    for port in ports:
        while not _listens(port):
            if not is_running() or time.monotonic() > deadline:
                return False
            time.sleep(STEP_S)
    # A thread of its own, so that a caller may have an event loop running.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _watch(ports, is_running, deadline)).result()


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


async def _watch(ports: tuple[int, ...], is_running: Callable[[], bool], deadline: float) -> bool:
    probe = asyncio.create_task(_probe(ports))
    try:
        while not probe.done():
            if not is_running() or time.monotonic() > deadline:
                return False
            await asyncio.wait([probe], timeout=STEP_S)
        return True
    finally:
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)


async def _probe(ports: tuple[int, ...]) -> None:
    servers = [f"{HOST}:{port}" for port in ports]
    while True:
        producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=PROBE)
        try:
            await producer.start()
            metadata = await producer.client.fetch_all_metadata()
            if len(metadata.brokers()) == len(ports):
                return
        except KafkaError:
            pass
        finally:
            await producer.stop()
        await asyncio.sleep(STEP_S)
