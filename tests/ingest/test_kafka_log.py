"""The door's producer: it goes on after the broker refused something."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from structlog.testing import capture_logs

from ingest_process import read_log
from schemas.errors import BrokerError
from streams.ingest.log import KafkaLog
from streams.log.topics import LOG
from streams.settings import Kafka
from stripe_side import body_of, door_of, post, signed


async def until_ready(log):
    async with asyncio.timeout(30):
        while True:
            if log.is_ready:
                return
            await asyncio.sleep(0.05)


async def store_in_the_end(log, **record):
    async with asyncio.timeout(30):
        while True:
            try:
                return await log.append(**record)
            except BrokerError:
                await asyncio.sleep(0.05)


async def test_a_record_that_the_broker_refuses_holds_up_no_other(bootstrap_servers, prefix):
    """F25: of a topic whose limit is below the door's."""
    small = {"max.message.bytes": "10000"}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + LOG, 1, 1, topic_configs=small)])
    await admin.close()
    log = KafkaLog(Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix))
    running = asyncio.create_task(log.run())
    await until_ready(log)

    await log.append(key="k", value=b"before", headers=[])
    with pytest.raises(BrokerError, match="MessageSizeTooLarge"):
        await log.append(key="k", value=b"x" * 20_000, headers=[])
    await store_in_the_end(log, key="k", value=b"after", headers=[])
    running.cancel()
    await asyncio.wait({running})

    records = await read_log(bootstrap_servers, prefix)
    assert [record.value for record in records] == [b"before", b"after"]


async def test_what_concerns_many_customers_is_in_every_partition(bootstrap_servers, prefix):
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + LOG, 4, 1)])
    await admin.close()
    log = KafkaLog(Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix))
    running = asyncio.create_task(log.run())
    await until_ready(log)

    await log.broadcast(key="k", value=b"of all", headers=[])
    running.cancel()
    await asyncio.wait({running})

    records = await read_log(bootstrap_servers, prefix)
    assert sorted(record.partition for record in records) == [0, 1, 2, 3]
    assert {(record.key, record.value) for record in records} == {(b"k", b"of all")}


async def test_a_body_that_the_topic_has_no_room_for_is_never_answered_with_200(
    bootstrap_servers, prefix
):
    """F25: Stripe keeps it for three days, metric and log line name it, `doctor` the reason."""
    small = {"max.message.bytes": "10000"}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + LOG, 1, 1, topic_configs=small)])
    await admin.close()
    log = KafkaLog(Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix))
    running = asyncio.create_task(log.run())
    await until_ready(log)
    body = body_of(pad="x" * 20_000)

    with capture_logs() as logged:
        answer = await post(door_of(log), body, signed(body))
    running.cancel()
    await asyncio.wait({running})

    assert answer.status == 503
    assert "MessageSizeTooLarge" in logged[0]["reason"]
