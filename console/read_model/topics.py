"""Which topics the read model is made of, and how they are consumed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from console.read_model.ahead import CHANGELOG
from console.read_model.positions import Place
from console.read_model.records import Record
from schemas.errors import BrokerError
from streams.log.client import connection
from streams.log.cluster_state import connected
from streams.log.topics import (
    CUSTOMERS,
    DEAD_LETTERS,
    LOG,
    MIB,
    SOURCES,
    TEST,
    UPDATES,
    changelog_name,
)
from streams.settings import Deployment

CLIENT = "subfold-console"
TOPICS = (
    LOG,
    DEAD_LETTERS,
    SOURCES,
    *(mode + name for mode in ("", TEST) for name in (CUSTOMERS, *UPDATES)),
)
FETCH_BYTES = 8 * MIB


async def look(deployment: Deployment) -> tuple[str, dict[Place, TopicPartition]]:
    """The cluster's id, and all partitions of the topics that are read.

    Raises:
        BrokerError: Kafka does not answer, or a topic is missing.
    """
    kafka = deployment.kafka
    names = {topic: kafka.prefix + topic for topic in TOPICS}
    names[CHANGELOG] = kafka.prefix + changelog_name(deployment.worker.application)
    async with connected(kafka) as admin:
        cluster = str((await admin.describe_cluster())["cluster_id"])
        there = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics()}
    missing = sorted(set(names.values()) - there.keys())
    if missing:
        raise BrokerError(f"topic {missing[0]} is missing: run `subfold topics create`")
    return cluster, {
        Place(topic, number): TopicPartition(name, number)
        for topic, name in names.items()
        for number in range(there[name])
    }


@asynccontextmanager
async def consuming(deployment: Deployment) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer without a group, of committed records alone; it is told where to begin."""
    consumer = AIOKafkaConsumer(
        **connection(deployment.kafka),
        client_id=CLIENT,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


def record_of(topic: str, record: ConsumerRecord) -> Record:
    """A record of a topic, which is named without prefix."""
    return Record(
        topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        record.headers,
    )
