"""How far readers are behind the ends of topics, in records and in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition

from schemas.errors import BrokerError
from streams.log.cluster_state import connected
from streams.log.committed import Committed, committed
from streams.log.topics import LOG
from streams.settings import Deployment, Kafka
from streams.worker.names import Names

CLIENT = "subfold-lag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """One partition of a topic, named as in the contract.

    Attributes:
        position: The next offset to be read; None where the reader never was.
        end: Where it ends.
        oldest_at: Unix seconds of the first record that is not read; None where all is read.
    """

    topic: str
    partition: int
    position: int | None
    end: int
    oldest_at: int | None

    @property
    def records(self) -> int:
        """How many offsets are left; among them may be the ends of transactions."""
        return max(self.end - (self.position or 0), 0)


async def lags(kafka: Kafka, positions: Mapping[tuple[str, int], int | None]) -> list[Lag]:
    """Compare positions with the ends of their partitions.

    Args:
        kafka: Where.
        positions: The next offset of each topic and partition.

    Raises:
        BrokerError: Kafka cannot be used.
    """
    places = {
        TopicPartition(kafka.prefix + topic, number): (topic, number) for topic, number in positions
    }
    async with committed(kafka, client_id=CLIENT) as reader:
        ends = await reader.ends(places)
        begins = await reader.begins(places)
        found = []
        for place, (topic, number) in places.items():
            position = positions[topic, number]
            start = max(position or 0, begins[place])
            oldest_ms = await _oldest(reader, place, start, ends[place])
            found.append(
                Lag(
                    topic=topic,
                    partition=number,
                    position=position,
                    end=ends[place],
                    oldest_at=None if oldest_ms is None else oldest_ms // 1000,
                )
            )
    return found


async def worker_positions(deployment: Deployment) -> dict[int, int | None]:
    """What the workers' group has committed of each partition of the log.

    Raises:
        BrokerError: Kafka cannot be used, or there is no log.
    """
    names = Names(prefix=deployment.kafka.prefix, application=deployment.worker.application)
    async with connected(deployment.kafka) as admin:
        topics = {each["topic"]: each["partitions"] for each in await admin.describe_topics()}
        if names.log not in topics:
            raise BrokerError(f"topic {names.log} is missing: run `subfold topics create`")
        offsets = await admin.list_consumer_group_offsets(names.group)
    known = {place.partition: meta.offset for place, meta in offsets.items()}
    return {each["partition"]: known.get(each["partition"]) for each in topics[names.log]}


async def worker_lags(deployment: Deployment) -> list[Lag]:
    """How far the workers are behind the log.

    Raises:
        BrokerError: Kafka cannot be used, or there is no log.
    """
    found = await worker_positions(deployment)
    return await lags(deployment.kafka, {(LOG, number): at for number, at in found.items()})


async def _oldest(reader: Committed, place: TopicPartition, start: int, end: int) -> int | None:
    """When the first record between was written; the ends of transactions are none."""
    if start >= end:
        return None
    async for record in reader.read({place: start}, {place: end}):
        return int(record.timestamp)
    return None
