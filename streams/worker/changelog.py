"""Reads all rows as they were last committed, for whoever looks at them beside the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.errors import BrokerError
from schemas.settings import SettingsInForce
from streams.log.client import connection
from streams.log.topics import MIB
from streams.settings import Deployment
from streams.worker.marker import RESERVED, SETTINGS_KEY, decode_settings
from streams.worker.names import Names

SILENCE_S = 30
POLL_MS = 200
FETCH_BYTES = 8 * MIB


@dataclass(slots=True)
class Rows:
    """The rows of one partition as bytes, by key, and the settings they were folded with."""

    settings: SettingsInForce = field(default_factory=SettingsInForce)
    stored: dict[bytes, bytes] = field(default_factory=dict)


async def read_rows(deployment: Deployment, progress: Callable[[int, int], None]) -> list[Rows]:
    """Read every partition of the changelog to what is committed now.

    Args:
        deployment: Where Kafka is, and what the worker is called.
        progress: Told how far the reading is: offsets passed, of all there are.

    Raises:
        BrokerError: Kafka cannot be reached, or stops answering.
        NewerRowError: A newer release has written the settings.
    """
    kafka = deployment.kafka
    names = Names(prefix=kafka.prefix, application=deployment.worker.application)
    consumer = AIOKafkaConsumer(
        names.changelog,
        **connection(kafka),
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        numbers = consumer.partitions_for_topic(names.changelog)
        if not numbers:
            raise BrokerError(f"there is no topic {names.changelog}: has a worker ever run here?")
        consumer.unsubscribe()  # it was named only to learn of its partitions
        places = {TopicPartition(names.changelog, number): Rows() for number in sorted(numbers)}
        await _read(consumer, places, progress)
        return list(places.values())
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka.bootstrap_servers} cannot be used: {error}") from error
    finally:
        await consumer.stop()


async def _read(
    consumer: AIOKafkaConsumer,
    places: Mapping[TopicPartition, Rows],
    progress: Callable[[int, int], None],
) -> None:
    consumer.assign(list(places))
    ends = await consumer.end_offsets(list(places))
    await consumer.seek_to_beginning()
    positions = dict.fromkeys(places, 0)
    silent_ms = 0
    while positions != ends:
        batches = await consumer.getmany(timeout_ms=POLL_MS)
        for place, records in batches.items():
            for record in records:
                _take(places[place], record.key, record.value)
        for place, end in ends.items():
            # A transaction ends in a control record, which only the position passes.
            positions[place] = min(await consumer.position(place), end)
        silent_ms = 0 if batches else silent_ms + POLL_MS
        if silent_ms > SILENCE_S * 1000:
            raise BrokerError(f"Kafka gave no row for {SILENCE_S} s")
        progress(sum(positions.values()), sum(ends.values()))


def _take(rows: Rows, key: bytes, value: bytes | None) -> None:
    if key == SETTINGS_KEY and value is not None:
        rows.settings = decode_settings(value)
    if key.startswith(RESERVED):
        return
    if value is None:
        rows.stored.pop(key, None)
    else:
        rows.stored[key] = value
