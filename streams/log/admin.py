"""Makes the topics of the table and checks those that are there; none is left to auto-creation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from schemas.errors import BrokerError
from streams.log.client import connection
from streams.log.topic_checks import (
    MIN_INSYNC,
    TopicState,
    replication_factor_for,
    wanted_config,
    what_is_wrong,
)
from streams.log.topics import LOG, TopicSpec, topic_table
from streams.settings import Deployment, Kafka

ANSWER_S = 10
"""How long Kafka may take to be reached, and then for all that is asked together."""
CREATE_S = 60
"""How long it may take to make all topics; a busy machine needs seconds for 150 partitions."""
POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeTopic:
    """What `create_topics` found or did for one topic."""

    name: str
    outcome: Literal["created", "present"]
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def topics_of(deployment: Deployment) -> tuple[TopicSpec, ...]:
    """The table of topics under the names of this installation."""
    return topic_table(application=deployment.worker.application, prefix=deployment.kafka.prefix)


async def create_topics(deployment: Deployment) -> list[MadeTopic]:
    """Make every topic that is missing, and wait until each has its leaders.

    Raises:
        BrokerError: Kafka does not answer or refuses, or a topic exists with other settings; then
            nothing was made, and the text has the command that mends each.
    """
    kafka, specs = deployment.kafka, topics_of(deployment)
    async with _admin(kafka, work_s=CREATE_S) as admin:
        before = await _states(admin, specs)
        if wrong := _wrong(specs, before, kafka):
            raise BrokerError("\n".join(wrong))
        cluster = await admin.describe_cluster()
        copies = replication_factor_for(kafka, brokers=len(cluster["brokers"]))
        await _make(admin, [spec for spec in specs if spec.name not in before], kafka, copies)
        after = await _states_when_led(admin, specs)
    # Another process may have made some of them a moment ago, with other settings.
    if wrong := _wrong(specs, after, kafka):
        raise BrokerError("\n".join(wrong))
    return [
        MadeTopic(
            name=spec.name,
            outcome="present" if spec.name in before else "created",
            partitions=after[spec.name].partitions,
            replication_factor=after[spec.name].replication_factor,
            config=after[spec.name].config,
        )
        for spec in specs
    ]


async def missing_or_wrong(deployment: Deployment) -> list[str]:
    """Say what stands between the cluster's topics and the table, each with its remedy.

    Raises:
        BrokerError: Kafka does not answer.
    """
    specs = topics_of(deployment)
    async with _admin(deployment.kafka) as admin:
        states = await _states(admin, specs)
    missing = [
        f"topic {spec.name} is missing, or hidden from this user: run `subfold topics create`"
        for spec in specs
        if spec.name not in states
    ]
    return missing + _wrong(specs, states, deployment.kafka)


async def count_log_partitions(kafka: Kafka) -> int:
    """How many partitions the log has.

    Raises:
        BrokerError: Kafka does not answer, or there is no log yet.
    """
    return await count_partitions(kafka, LOG)


async def count_partitions(kafka: Kafka, topic: str) -> int:
    """How many partitions a topic has, named as in the contract.

    Raises:
        BrokerError: As `count_log_partitions`.
    """
    name = kafka.prefix + topic
    async with _admin(kafka) as admin:
        for found in await admin.describe_topics():
            if found["topic"] == name:
                return len(found["partitions"])
    raise BrokerError(f"topic {name} is missing: run `subfold topics create`")


@asynccontextmanager
async def _admin(kafka: Kafka, *, work_s: float = ANSWER_S) -> AsyncIterator[AIOKafkaAdminClient]:
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


def _wrong(specs: Sequence[TopicSpec], states: Mapping[str, TopicState], kafka: Kafka) -> list[str]:
    return [
        sentence
        for spec in specs
        if spec.name in states
        for sentence in what_is_wrong(spec, states[spec.name], kafka)
    ]


async def _states(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, TopicState]:
    """The topics that are there.

    All topics are listed, for asking by name would create them where the cluster allows it.
    """
    names = {spec.name for spec in specs}
    there = {
        topic["topic"]: topic["partitions"]
        for topic in await admin.describe_topics()
        if topic["topic"] in names
    }
    configs = await _configs(admin, specs, list(there))
    return {
        name: TopicState(
            partitions=len(partitions),
            replication_factor=min(len(part["replicas"]) for part in partitions),
            config=configs[name],
            is_led=all(part["leader"] >= 0 for part in partitions),
        )
        for name, partitions in there.items()
        if partitions and name in configs
    }


async def _states_when_led(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]
) -> dict[str, TopicState]:
    """All topics once they have their leaders: Kafka says when a topic is made, but not that."""
    while True:
        states = await _states(admin, specs)
        if len(states) == len(specs) and all(state.is_led for state in states.values()):
            return states
        await asyncio.sleep(POLL_S)


async def _configs(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], names: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The settings that we rely on, of each topic.

    Raises:
        BrokerError: This user may not see them.
    """
    if not names:
        return {}
    asked = sorted({MIN_INSYNC}.union(*(spec.config for spec in specs)))
    answers = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(asked)) for name in names]
    )
    found = {}
    for code, message, _, name, entries in answers[0].resources:
        if code:
            raise BrokerError(
                f"the settings of topic {name} cannot be read: "
                f"{message or for_code(code).message}; this user "
                "needs DescribeConfigs, see `subfold topics create --print`"
            )
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _make(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], kafka: Kafka, copies: int
) -> None:
    if not specs:
        return
    answer = await admin.create_topics(
        [
            NewTopic(
                spec.name,
                kafka.partitions,
                copies,
                topic_configs=wanted_config(spec, kafka, replication_factor=copies),
            )
            for spec in specs
        ]
    )
    refused = [
        f"topic {name} could not be made: {message or for_code(code).message}"
        for name, code, message in answer.topic_errors
        if code not in {0, TopicAlreadyExistsError.errno}
    ]
    if refused:
        raise BrokerError("\n".join(refused))
