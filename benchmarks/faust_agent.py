"""The fold as an idiomatic Faust agent: one event, one table write, one send at a time.

`python -m benchmarks.faust_agent SERVERS EVENTS` folds so many events of the log and prints the
seconds from the first to the last. No transactions: at least once.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import faust

from schemas.codec import decode_row, encode_row
from schemas.settings import SettingsInForce
from streams.log.records import read_log_record
from streams.log.topics import CUSTOMERS, LOG
from streams.pipeline import row_for_readers, step

PARTITIONS = 4


def main(servers: str, events: int) -> None:
    """Run the agent until it has seen so many events."""
    app = faust.App(
        "bench-faust",
        broker=f"aiokafka://{servers}",
        store="memory://",
        web_enabled=False,
        topic_partitions=PARTITIONS,
        consumer_auto_offset_reset="earliest",
    )
    log = app.topic(LOG, key_serializer="raw", value_serializer="raw")
    views = app.topic(CUSTOMERS, key_serializer="raw", value_serializer="raw")
    table = app.Table("bench-rows", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    settings, started, seen = SettingsInForce(), 0.0, 0

    @app.agent(log)
    async def fold(stream: faust.StreamT[bytes]) -> None:
        nonlocal started, seen
        async for event in stream.events():
            started = started or time.perf_counter()
            message = event.message
            record = read_log_record(
                key=message.key,
                value=message.value,
                headers=message.headers or (),
                partition=message.partition,
                offset=message.offset,
                timestamp_ms=int(message.timestamp * 1000),
            )
            stored = table.get(message.key)
            done = step(decode_row(stored) if stored else None, record, settings)
            if done.row:
                table[message.key] = encode_row(done.row)
                await views.send(key=message.key, value=row_for_readers(done.row, settings))
            seen += 1
            if seen == events:
                seconds = time.perf_counter() - started
                os.write(1, f"seconds {seconds}\n".encode())  # Faust takes `print` for itself
                os._exit(0)

    asyncio.set_event_loop(asyncio.new_event_loop())
    faust.Worker(app, loglevel="WARN", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
