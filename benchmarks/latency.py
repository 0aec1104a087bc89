"""`make bench`: how long it takes from a record in the log to its update with a committed reader.

At 200 events a second, each of which changes the MRR of one of some customers.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from statistics import quantiles

import aiohttp
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.bench import CUSTOMERS, PARTITIONS, events, say
from schemas.records import Kind
from streams.log.admin import create_topics
from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.node import free_port
from streams.log.records import log_headers
from streams.log.topics import LOG, MRR
from streams.settings import load_config

A_SECOND = 200
EVENTS = 4_000
WARM = 400
"""Events that are not measured: processes and connections are new."""
SILENCE_MS = 10_000


async def main() -> None:
    """Measure, and print the middle and the slowest hundredth."""
    with tempfile.TemporaryDirectory(prefix="subfold-bench-") as folder:
        kafka = EmbeddedKafka(Path(folder))
        await asyncio.to_thread(kafka.start)
        environ = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "SUBFOLD_KAFKA__PARTITIONS": str(PARTITIONS),
            "SUBFOLD_WORKER__PORT": str(free_port()),
        }
        await create_topics(load_config(None, environ).deployment)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "worker", env={**os.environ, **environ}
        )
        try:
            await _ready(f"http://127.0.0.1:{environ['SUBFOLD_WORKER__PORT']}/readyz")
            seconds = await _measure(kafka.bootstrap_servers)
        finally:
            worker.send_signal(signal.SIGTERM)
            await worker.wait()
            await asyncio.to_thread(kafka.stop)
    hundredths = quantiles(seconds, n=100)
    say.print(
        f"record in to update readable, {len(seconds):,} updates at {A_SECOND} events a second: "
        f"p50 {hundredths[49] * 1000:.0f} ms, p99 {hundredths[98] * 1000:.0f} ms"
    )


async def _ready(page: str) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with session.get(page) as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)


async def _measure(servers: str) -> list[float]:
    written: dict[str, float] = {}
    seconds: list[float] = []
    consumer = AIOKafkaConsumer(
        MRR,
        bootstrap_servers=servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    async with consumer, producer:
        writing = asyncio.create_task(_write(producer, written))
        while not writing.done() or seconds:
            batches = await consumer.getmany(timeout_ms=SILENCE_MS)
            now = time.perf_counter()
            if not batches and writing.done():
                break
            for records in batches.values():
                ids = (orjson.loads(each.value)["cause"]["event_id"] for each in records)
                seconds += [now - written[each] for each in ids if each in written]
        await writing
    return seconds[WARM:]


async def _write(producer: AIOKafkaProducer, written: dict[str, float]) -> None:
    started = time.perf_counter()
    # Those after the first round change what a customer of it has.
    for number, event in enumerate(islice(events(), CUSTOMERS, CUSTOMERS + EVENTS)):
        await asyncio.sleep(max(0.0, started + number / A_SECOND - time.perf_counter()))
        written[event.event_id] = time.perf_counter()
        await producer.send(
            LOG,
            key=event.key.encode(),
            value=event.body,
            partition=event.partition,
            headers=log_headers(
                kind=Kind.WEBHOOK,
                source="main",
                event_id=event.event_id,
                event_type="customer.subscription.updated",
                api_version="",
                received_at_ms=0,
            ),
        )


if __name__ == "__main__":
    asyncio.run(main())
