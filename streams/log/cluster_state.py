"""Asks a cluster how its topics are; makes and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import stamina
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError, for_code

from schemas.errors import BrokerError
from streams.log.client import connection
from streams.log.topic_checks import MIN_INSYNC, UNCLEAN, TopicState
from streams.settings import Kafka

ANSWER_S = 10
"""How long Kafka may take to be reached, and then for all that is asked together."""


@asynccontextmanager
async def connected(
    kafka: Kafka, *, work_s: float = ANSWER_S
) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, for as long as the work may take.

    Raises:
        BrokerError: Kafka does not answer in time, or refuses.
    """
    arguments = connection(kafka)
    admin = AIOKafkaAdminClient(
        **arguments, client_id="subfold-admin", request_timeout_ms=int(work_s * 1000)
    )
    try:
        async with asyncio.timeout(ANSWER_S) as patience:
            await admin.start()
            patience.reschedule(asyncio.get_running_loop().time() + work_s)
            yield admin
    except TimeoutError as error:
        raise BrokerError(
            f"Kafka at {kafka.bootstrap_servers} does not answer in time: is it running, and is "
            "the address right?"
        ) from error
    except (KafkaError, OSError) as error:
        raise BrokerError(f"Kafka at {kafka.bootstrap_servers} cannot be used: {error}") from error
    finally:
        await admin.close()


async def count_brokers(admin: AIOKafkaAdminClient) -> int:
    """How many brokers answer now."""
    return len((await admin.describe_cluster())["brokers"])


async def topic_states(
    admin: AIOKafkaAdminClient,
    names: Collection[str],
    settings: Collection[str],
    *,
    tolerates_hidden: bool = False,
) -> dict[str, TopicState]:
    """Those of these topics that are there, with these of their settings.

    All topics are listed, for asking by name would create them where the cluster allows it.

    Raises:
        BrokerError: This user may not see the settings of one; unless `tolerates_hidden`, which
            leaves it out.
    """
    there = {
        topic["topic"]: topic["partitions"]
        for topic in await admin.describe_topics()
        if topic["topic"] in names
    }
    configs = await _configs(admin, settings, list(there), tolerates_hidden=tolerates_hidden)
    return {
        name: TopicState(
            partitions=len(partitions),
            replication_factor=min(len(part["replicas"]) for part in partitions),
            config=configs[name],
            is_led=all(part["leader"] >= 0 for part in partitions),
            in_sync=min(len(part["isr"]) for part in partitions),
        )
        for name, partitions in there.items()
        if partitions and name in configs
    }


async def broker_settings(admin: AIOKafkaAdminClient, names: Collection[str]) -> dict[str, str]:
    """These settings of one broker; nothing where this user may not see them."""
    node = (await admin.describe_cluster())["brokers"][0]["node_id"]
    asked = ConfigResource(ConfigResourceType.BROKER, str(node), dict.fromkeys(names))
    [answer] = await admin.describe_configs([asked])
    [(code, _, _, _, entries)] = answer.resources
    return {} if code else {entry[0]: entry[1] for entry in entries}


# A broker may not know yet of a topic that another one has just made.
@stamina.retry(on=UnknownTopicOrPartitionError, timeout=ANSWER_S, wait_initial=0.1, wait_max=1)
async def _configs(
    admin: AIOKafkaAdminClient,
    settings: Collection[str],
    names: Sequence[str],
    *,
    tolerates_hidden: bool,
) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = sorted({MIN_INSYNC, UNCLEAN, *settings})
    answers = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(asked)) for name in names]
    )
    found = {}
    for code, message, _, name, entries in answers[0].resources:
        if code == UnknownTopicOrPartitionError.errno:
            raise UnknownTopicOrPartitionError(name)
        if code and tolerates_hidden:
            continue
        if code:
            raise BrokerError(
                f"the settings of topic {name} cannot be read: "
                f"{message or for_code(code).message}; this user "
                "needs DescribeConfigs, see `subfold topics create --print`"
            )
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found
