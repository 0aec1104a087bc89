"""Makes the topics of the table and checks those that are there; none is left to auto-creation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from schemas.errors import BrokerError
from streams.log.cluster_state import connected, count_brokers, topic_states
from streams.log.doctor import diagnose
from streams.log.topic_checks import (
    TopicState,
    replication_factor_for,
    wanted_config,
    what_is_wrong,
)
from streams.log.topics import LOG, TopicSpec, topics_of
from streams.settings import Deployment, Kafka

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


async def create_topics(deployment: Deployment) -> list[MadeTopic]:
    """Make every topic that is missing, and wait until each has its leaders.

    Raises:
        BrokerError: Kafka does not answer or refuses, or a topic exists with other settings; then
            nothing was made, and the text has the command that mends each.
    """
    kafka, specs = deployment.kafka, topics_of(deployment)
    async with connected(kafka, work_s=CREATE_S) as admin:
        brokers = await count_brokers(admin)
        before = await _states(admin, specs)
        _refuse_wrong(specs, before, kafka, brokers)
        copies = replication_factor_for(kafka, brokers=brokers)
        await _make(admin, [spec for spec in specs if spec.name not in before], kafka, copies)
        after = await _states_when_led(admin, specs)
    # Another process may have made some of them a moment ago, with other settings.
    _refuse_wrong(specs, after, kafka, brokers)
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
    """Say what stands between the cluster and the promise, each with its remedy.

    Raises:
        BrokerError: Kafka does not answer.
    """
    return [str(fault) for fault in (await diagnose(deployment)).faults]


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
    async with connected(kafka) as admin:
        for found in await admin.describe_topics():
            if found["topic"] == name:
                return len(found["partitions"])
    raise BrokerError(f"topic {name} is missing: run `subfold topics create`")


def _refuse_wrong(
    specs: Sequence[TopicSpec], states: Mapping[str, TopicState], kafka: Kafka, brokers: int
) -> None:
    wrong = [
        str(fault)
        for spec in specs
        if spec.name in states
        for fault in what_is_wrong(spec, states[spec.name], kafka, brokers=brokers)
    ]
    if wrong:
        raise BrokerError("\n".join(wrong))


async def _states(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, TopicState]:
    settings = set[str]().union(*(spec.config for spec in specs))
    return await topic_states(admin, {spec.name for spec in specs}, settings)


async def _states_when_led(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]
) -> dict[str, TopicState]:
    """All topics once they have their leaders: Kafka says when a topic is made, but not that."""
    while True:
        states = await _states(admin, specs)
        if len(states) == len(specs) and all(state.is_led for state in states.values()):
            return states
        await asyncio.sleep(POLL_S)


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
