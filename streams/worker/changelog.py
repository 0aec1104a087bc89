"""Reads all rows as they were last committed, for whoever looks at them beside the worker."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.settings import SettingsInForce
from streams.log.admin import count_log_partitions
from streams.log.committed import Progress, committed, places_of
from streams.log.topics import changelog_name
from streams.settings import Deployment
from streams.worker.marker import (
    MARKER_KEY,
    RESERVED,
    SETTINGS_KEY,
    Marker,
    decode_marker,
    decode_settings,
)


@dataclass(slots=True)
class Rows:
    """The rows of one partition as bytes, by key; its settings and its marker."""

    settings: SettingsInForce = field(default_factory=SettingsInForce)
    stored: dict[bytes, bytes] = field(default_factory=dict)
    marker: Marker = field(default_factory=Marker)


async def read_rows(deployment: Deployment, progress: Progress) -> list[Rows]:
    """Read every partition of the changelog to what is committed now.

    Args:
        deployment: Where Kafka is, and what the worker is called.
        progress: Told how far the reading is: offsets passed, of all there are.

    Raises:
        BrokerError: Kafka cannot be reached, or stops answering.
        NewerRowError: A newer release has written the settings.
    """
    kafka = deployment.kafka
    topic = changelog_name(deployment.worker.application)
    numbers = range(await count_log_partitions(kafka))
    partitions = [Rows() for _ in numbers]
    async with committed(kafka, client_id="subfold-rows") as topics:
        places = places_of(kafka, topic, numbers)
        starts, ends = await topics.begins(places), await topics.ends(places)
        async for record in topics.read(starts, ends, progress):
            _take(partitions[record.partition], record.key, record.value)
    return partitions


def _take(rows: Rows, key: bytes, value: bytes | None) -> None:
    if key == SETTINGS_KEY and value is not None:
        rows.settings = decode_settings(value)
    if key == MARKER_KEY and value is not None:
        rows.marker = decode_marker(value)
    if key.startswith(RESERVED):
        return
    if value is None:
        rows.stored.pop(key, None)
    else:
        rows.stored[key] = value
