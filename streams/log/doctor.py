"""Looks whether the cluster can keep the promise, and says what stands against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from streams.log.cluster_state import broker_settings, connected, count_brokers, topic_states
from streams.log.topic_checks import (
    BROKER_SETTINGS,
    INTERNAL,
    Fault,
    TopicState,
    what_is_missing_now,
    what_is_wrong,
    what_is_wrong_inside,
    what_will_be_wrong_inside,
)
from streams.log.topics import TopicSpec, topics_of
from streams.settings import Deployment

FEW_BROKERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found.

    Attributes:
        brokers: How many answer now.
        topics: As they are, by name.
        faults: What is set up wrongly: nothing should run so.
        lacks: What is away at this moment: what runs may wait for it.
        notes: What is no fault, but limits the promise, or could not be seen.
    """

    brokers: int
    topics: Mapping[str, TopicState]
    faults: list[Fault]
    lacks: list[Fault]
    notes: list[str]


class Seen(NamedTuple):
    """What the cluster shows: brokers that answer, our topics, Kafka's own, a broker's settings."""

    brokers: int
    ours: Mapping[str, TopicState]
    inner: Mapping[str, TopicState]
    broker: Mapping[str, str] = MappingProxyType({})


async def diagnose(deployment: Deployment) -> Diagnosis:
    """Look at every topic of the table, and at Kafka's own on which transactions rest.

    Raises:
        BrokerError: Kafka does not answer, or this user may not see a topic's settings.
    """
    specs = topics_of(deployment)
    settings = set[str]().union(*(spec.config for spec in specs))
    async with connected(deployment.kafka) as admin:
        brokers = await count_brokers(admin)
        ours = await topic_states(admin, {spec.name for spec in specs}, settings)
        inner = await topic_states(admin, INTERNAL, (), tolerates_hidden=True)
        broker = await broker_settings(admin, BROKER_SETTINGS)
    return judged(deployment, specs, Seen(brokers, ours, inner, broker))


def judged(deployment: Deployment, specs: tuple[TopicSpec, ...], seen: Seen) -> Diagnosis:
    """What to say of what the cluster has; pure."""
    kafka, brokers, ours, inner = deployment.kafka, seen.brokers, seen.ours, seen.inner
    faults: list[Fault] = []
    for spec in specs:
        if spec.name in ours:
            faults += what_is_wrong(spec, ours[spec.name], kafka, brokers=brokers)
        else:
            faults.append(_missing(spec))
    for name in INTERNAL:
        if name in inner:
            faults += what_is_wrong_inside(name, inner[name], kafka, brokers=brokers)
        else:
            faults += what_will_be_wrong_inside(name, seen.broker, kafka, brokers=brokers)
    topics = {**ours, **inner}
    lacks = [
        lack for name, state in topics.items() for lack in what_is_missing_now(name, state, kafka)
    ]
    return Diagnosis(
        brokers=brokers,
        topics=topics,
        faults=faults,
        lacks=lacks,
        notes=_notes(ours, inner, brokers=brokers),
    )


def _missing(spec: TopicSpec) -> Fault:
    return Fault(
        about=spec.name,
        words=f"topic {spec.name} is missing, or hidden from this user",
        remedy="run `subfold topics create`",
    )


def _notes(
    ours: Mapping[str, TopicState], inner: Mapping[str, TopicState], *, brokers: int
) -> list[str]:
    notes = [
        f"{name} is not there yet, or hidden from this user: look again when a worker has run"
        for name in INTERNAL
        if name not in inner
    ]
    fewest = min((state.replication_factor for state in ours.values()), default=brokers)
    if fewest < FEW_BROKERS:
        notes.append(
            f"topics keep {fewest} {'copy' if fewest == 1 else 'copies'} of each partition: what "
            "was acknowledged outlives any process, not the loss of a disk or a power cut; three "
            "brokers with three copies outlive both"
        )
    return notes
