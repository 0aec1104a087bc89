"""`make bench`: what the worker costs beside a bare loop and beside the fold alone, in one run.

All on one Apache Kafka, over the same records of real size. Machines differ and are noisy: look at
the ratios of one run, not at the figures of two.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cli.demo.recorded import recorded_events
from schemas.codec import decode_row, encode_row
from schemas.records import Kind, LogRecord
from schemas.settings import SettingsInForce
from streams.log.admin import create_topics
from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.node import free_port
from streams.log.records import log_headers
from streams.log.topics import LOG, MIB
from streams.pipeline import row_for_readers, step
from streams.replay.replay import Plan
from streams.replay.replay import replay as replay_partition
from streams.replay.table import Table as ReplayTable
from streams.settings import load_config
from streams.worker.batch import fold_batch, split

EVENTS = int(os.environ.get("BENCH_EVENTS", "20000"))
CUSTOMERS = EVENTS // 10
PARTITIONS = 4
START = 1_767_225_600
FAUST_EVENTS = EVENTS // 4
FETCH_BYTES = 4 * MIB
DEADLINE_S = 600.0
say = Console(highlight=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One record to be: its key, body, id and partition."""

    key: str
    body: bytes
    event_id: str
    partition: int


def events() -> Iterator[Event]:
    """Subscription updates of real size, ten for each customer; the quantity goes up and down."""
    recorded = map(orjson.loads, recorded_events())
    body = next(each for each in recorded if each["type"] == "customer.subscription.updated")
    thing = body["data"]["object"]
    for number in range(EVENTS):
        customer = number % CUSTOMERS
        body |= {"id": f"evt_bench{number:07d}", "created": START + number, "livemode": True}
        thing |= {"id": f"sub_bench{customer}", "customer": f"cus_bench{customer}"}
        thing["items"]["data"][0]["quantity"] = 1 + number // CUSTOMERS % 3
        yield Event(
            key=f"main/-/live/cus_bench{customer}",
            body=orjson.dumps(body),
            event_id=body["id"],
            partition=customer % PARTITIONS,
        )


def fold_alone() -> float:
    """Seconds to decode, fold and encode each row and view at every event, without Kafka."""
    stored: dict[str, bytes] = {}
    records = [
        LogRecord(
            key=event.key,
            kind=Kind.WEBHOOK,
            source="main",
            event_id=event.event_id,
            event_type="customer.subscription.updated",
            value=event.body,
            partition=event.partition,
            offset=offset,
            timestamp_ms=START * 1000,
        )
        for offset, event in enumerate(events())
    ]
    settings = SettingsInForce()
    start = time.perf_counter()
    for record in track(records, "the fold alone", console=say):
        before = stored.get(record.key)
        row = step(decode_row(before) if before else None, record, settings).row
        assert row is not None  # noqa: S101 - every event here is folded
        stored[record.key] = encode_row(row)
        row_for_readers(row, settings)
    return time.perf_counter() - start


async def fill(servers: str) -> None:
    """Write the events to the log, as ingest would."""
    async with AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, acks="all", linger_ms=20
    ) as producer:
        for event in track(events(), "filling the log", total=EVENTS, console=say):
            headers = log_headers(
                kind=Kind.WEBHOOK,
                source="main",
                event_id=event.event_id,
                event_type="customer.subscription.updated",
                api_version="",
                received_at_ms=START * 1000,
            )
            await producer.send(
                LOG,
                key=event.key.encode(),
                value=event.body,
                headers=headers,
                partition=event.partition,
            )
        await producer.flush()


async def bare_loop(servers: str) -> float:
    """Seconds to read and parse the log with aiokafka, writing nothing: no guarantee at all."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign([TopicPartition(LOG, number) for number in range(PARTITIONS)])
        start, seen = time.perf_counter(), 0
        while seen < EVENTS:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                seen += len([orjson.loads(record.value) for record in records])
        return time.perf_counter() - start


async def bare_fold(servers: str) -> float:
    """Seconds to read the log with aiokafka and fold it in batches, writing nothing."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    tables = [ReplayTable() for _ in range(PARTITIONS)]
    async with consumer:
        consumer.assign([TopicPartition(LOG, number) for number in range(PARTITIONS)])
        start, seen = time.perf_counter(), 0
        while seen < EVENTS:
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                table = tables[place.partition]
                for part in split(records, table):
                    table.take(fold_batch(part, table, table.settings))
                seen += len(records)
        return time.perf_counter() - start


def agent(servers: str) -> float:
    """Seconds that an idiomatic Faust agent takes, scaled to all events."""
    command = [sys.executable, "-m", "benchmarks.faust_agent", servers, str(FAUST_EVENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
    # Faust's spinner writes there, too.
    found = re.search(r"seconds ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"the agent said {done.stdout!r}")
    return float(found.group(1)) * EVENTS / FAUST_EVENTS


def replay(servers: str) -> float:
    """Seconds that a replay of what the worker has folded takes, one partition after another."""
    plan = Plan(
        deployment=load_config(
            None,
            {"KAFKA_BOOTSTRAP_SERVERS": servers, "SUBFOLD_KAFKA__PARTITIONS": str(PARTITIONS)},
        ).deployment
    )
    start = time.perf_counter()
    for partition in range(PARTITIONS):
        found = asyncio.run(replay_partition(plan, partition, lambda _, __: None))
        if found.differences:
            raise AssertionError(f"a replay differs: {found.differences[:1]}")
    return time.perf_counter() - start


def worker(servers: str) -> float:
    """Seconds from the worker's first commit to its last, scaled to all events."""
    port = free_port()
    environ = {
        **os.environ,
        "SUBFOLD_KAFKA__BOOTSTRAP_SERVERS": servers,
        "SUBFOLD_KAFKA__PARTITIONS": str(PARTITIONS),
        "SUBFOLD_WORKER__PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "cli", "worker"], env=environ)
    try:
        first = _wait_for(port, 1)
        last = _wait_for(port, EVENTS)
        return (last[0] - first[0]) * EVENTS / max(EVENTS - first[1], 1)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_for(port: int, count: int) -> tuple[float, int]:
    start = time.perf_counter()
    while time.perf_counter() - start < DEADLINE_S:
        folded = _folded(port)
        if folded >= count:
            return time.perf_counter(), folded
        time.sleep(0.02)
    raise TimeoutError(f"the worker has not folded {count} events in {DEADLINE_S:.0f} s")


def _folded(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return 0
    return int(
        sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "subfold_events_total"
        )
    )


async def main() -> None:
    """Run all, print the ratios."""
    alone = fold_alone()
    with tempfile.TemporaryDirectory(prefix="subfold-bench-") as folder:
        kafka = EmbeddedKafka(Path(folder))
        await asyncio.to_thread(kafka.start)
        try:
            servers = kafka.bootstrap_servers
            deployment = load_config(
                None,
                {
                    "KAFKA_BOOTSTRAP_SERVERS": servers,
                    "SUBFOLD_KAFKA__PARTITIONS": str(PARTITIONS),
                },
            ).deployment
            await create_topics(deployment)
            await fill(servers)
            bare = await bare_loop(servers)
            folding = await bare_fold(servers)
            faust = await asyncio.to_thread(agent, servers)
            whole = await asyncio.to_thread(worker, servers)
            replayed = await asyncio.to_thread(replay, servers)
        finally:
            await asyncio.to_thread(kafka.stop)
    table = Table("", "guarantee", "events/s", "of the worker")
    for name, guarantee, seconds in (
        ("bare aiokafka loop, parsing only", "none", bare),
        ("fold, rows and views, one by one, without Kafka", "none", alone),
        ("bare aiokafka loop with our fold in batches", "none", folding),
        ("the fold as an idiomatic Faust agent", "at least once", faust),
        ("subfold worker", "exactly once", whole),
        ("subfold replay, one partition at a time", "compares, writes nothing", replayed),
    ):
        table.add_row(name, guarantee, f"{EVENTS / seconds:,.0f}", f"{whole / seconds:.2f}")
    say.print(f"{EVENTS:,} events, {CUSTOMERS:,} customers, {PARTITIONS} partitions")
    say.print(table)
    shell_us = (whole - folding) / EVENTS * 1e6
    say.print(f"beside the fold itself the worker takes {shell_us:.0f} µs an event")


if __name__ == "__main__":
    asyncio.run(main())
