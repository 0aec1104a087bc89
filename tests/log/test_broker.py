"""What subfold relies on in any Kafka it is given: transactions, sizes, no topics by accident."""

from __future__ import annotations

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from streams.log.topics import DEAD_LETTER_BYTES_MAX


async def create_topic(servers: str, name: str, **config: object) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        configs = {key.replace("_", "."): str(value) for key, value in config.items()}
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs)])
    finally:
        await admin.close()


async def read(servers: str, topic: str, *, isolation_level: str) -> list[bytes]:
    partition = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, isolation_level=isolation_level)
    async with consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        values: list[bytes] = []
        while await consumer.position(partition) < end:
            batch = await consumer.getmany(timeout_ms=200)
            values += [record.value for records in batch.values() for record in records]
        return values


async def test_what_was_aborted_is_not_read_by_readers_of_committed_records(
    bootstrap_servers: str, prefix: str
):
    topic = f"{prefix}t"
    await create_topic(bootstrap_servers, topic)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=prefix)
    async with producer:
        async with producer.transaction():
            await producer.send_and_wait(topic, b"kept")
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"aborted")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(topic, b"kept too")

    committed = await read(bootstrap_servers, topic, isolation_level="read_committed")
    everything = await read(bootstrap_servers, topic, isolation_level="read_uncommitted")

    assert committed == [b"kept", b"kept too"]
    assert everything == [b"kept", b"aborted", b"kept too"]


async def test_the_largest_record_of_a_topic_goes_through(bootstrap_servers: str, prefix: str):
    topic = f"{prefix}t"
    await create_topic(bootstrap_servers, topic, max_message_bytes=DEAD_LETTER_BYTES_MAX)
    largest = b"x" * (DEAD_LETTER_BYTES_MAX - 1024)
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, max_request_size=DEAD_LETTER_BYTES_MAX
    )
    async with producer:
        await producer.send_and_wait(topic, largest)

    assert await read(bootstrap_servers, topic, isolation_level="read_committed") == [largest]


async def test_a_topic_that_nobody_made_is_not_made_by_writing_to_it(
    bootstrap_servers: str, prefix: str
):
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, request_timeout_ms=1000)
    async with producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait(f"{prefix}nobody-made-this", b"")
