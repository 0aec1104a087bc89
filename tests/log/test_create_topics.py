"""Given a real broker: what `create_topics` makes and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.errors import BrokerError
from streams.log.admin import count_log_partitions, create_topics, missing_or_wrong
from streams.log.topics import topics_of
from streams.settings import Deployment, Kafka


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str) -> Deployment:
    kafka = Kafka(
        bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=2, replication_factor=1
    )
    return Deployment(kafka=kafka)


@pytest.fixture
async def admin(bootstrap_servers: str):
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await client.start()
    yield client
    await client.close()


async def names(admin: AIOKafkaAdminClient, prefix: str) -> set[str]:
    topics = await admin.describe_topics()
    return {topic["topic"] for topic in topics if topic["topic"].startswith(prefix)}


async def until(check: Callable[[], Awaitable[object]]) -> None:
    """Wait until the broker, which says so a little later, knows what it was told."""
    while not await check():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_every_topic_is_made_once(deployment):
    first = await create_topics(deployment)
    second = await create_topics(deployment)

    assert [topic.name for topic in first] == [spec.name for spec in topics_of(deployment)]
    assert {topic.outcome for topic in first} == {"created"}
    assert {topic.outcome for topic in second} == {"present"}
    assert {topic.partitions for topic in second} == {2}


async def test_what_was_made_is_as_it_must_be(deployment):
    assert len(await missing_or_wrong(deployment)) == len(topics_of(deployment))

    made = await create_topics(deployment)

    assert await missing_or_wrong(deployment) == []
    assert await count_log_partitions(deployment.kafka) == 2
    for topic, spec in zip(made, topics_of(deployment), strict=True):
        assert topic.config.items() >= spec.config.items()


async def test_only_what_is_missing_is_made(deployment, admin):
    await create_topics(deployment)
    gone = topics_of(deployment)[-1].name
    await admin.delete_topics([gone])

    async def is_gone() -> bool:
        return gone not in await names(admin, deployment.kafka.prefix)

    await until(is_gone)

    made = await create_topics(deployment)

    assert [topic.name for topic in made if topic.outcome == "created"] == [gone]


async def test_a_topic_with_other_settings_is_refused_and_nothing_is_made(deployment, admin):
    log = topics_of(deployment)[0].name
    await admin.create_topics([NewTopic(log, 2, 1, topic_configs={"retention.ms": "1000"})])
    await until(lambda: names(admin, deployment.kafka.prefix))

    with pytest.raises(BrokerError, match=r"kafka-configs\.sh .*retention\.ms=-1"):
        await create_topics(deployment)

    assert await names(admin, deployment.kafka.prefix) == {log}


async def test_the_command_that_is_named_mends_the_topic(deployment, admin):
    await create_topics(deployment)
    log = topics_of(deployment)[0]
    spoiled = dict(log.config) | {"cleanup.policy": "compact"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, log.name, spoiled)])
    await until(lambda: missing_or_wrong(deployment))
    [sentence] = await missing_or_wrong(deployment)

    assert sentence.endswith("--add-config cleanup.policy=delete")
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, log.name, dict(log.config))]
    )

    async def is_mended() -> bool:
        return await missing_or_wrong(deployment) == []

    await until(is_mended)


async def test_another_number_of_partitions_is_refused(deployment):
    await create_topics(deployment)
    kafka = deployment.kafka.model_copy(update={"partitions": 3})

    with pytest.raises(BrokerError, match=r"set \[kafka\] partitions = 2"):
        await create_topics(Deployment(kafka=kafka))


async def test_a_cluster_too_small_for_the_copies_asked_for_says_so(deployment):
    kafka = deployment.kafka.model_copy(update={"replication_factor": 30})

    with pytest.raises(BrokerError, match="could not be made"):
        await create_topics(Deployment(kafka=kafka))


async def test_looking_for_topics_makes_none(deployment, admin):
    await missing_or_wrong(deployment)
    with pytest.raises(BrokerError, match="subfold topics create"):
        await count_log_partitions(deployment.kafka)

    assert await names(admin, deployment.kafka.prefix) == set()


async def test_a_kafka_that_is_not_there_is_named_and_no_secret_is():
    kafka = Kafka(
        bootstrap_servers="127.0.0.1:1",
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_username="subfold",
        sasl_password="canary-5f2a",
    )

    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1") as caught:
        await missing_or_wrong(Deployment(kafka=kafka))

    assert "canary" not in str(caught.value)
