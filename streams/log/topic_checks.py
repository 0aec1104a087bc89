"""What a topic must be on a given cluster, and what is wrong with one that is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streams.log.topics import TopicSpec
from streams.settings import Kafka

MIN_INSYNC = "min.insync.replicas"
AT_LEAST = frozenset({"max.message.bytes", MIN_INSYNC})
"""Settings of which more than we need does no harm; every other must be exactly as in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """A topic as the cluster has it. `is_led`: every partition has a leader now."""

    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    is_led: bool = True


def replication_factor_for(kafka: Kafka, *, brokers: int) -> int:
    """Copies of each partition of a new topic: as set, or else 3 where three brokers answer."""
    return kafka.replication_factor or (3 if brokers >= 3 else 1)  # noqa: PLR2004 - as the docstring says


def wanted_config(spec: TopicSpec, kafka: Kafka, *, replication_factor: int) -> dict[str, str]:
    """The topic's settings from the table, and how many copies must have a record before it counts.

    With three copies two are enough, so that one broker may be away; with fewer, one.
    """
    default = 2 if replication_factor >= 3 else 1  # noqa: PLR2004 - as the docstring says
    return {**spec.config, MIN_INSYNC: str(kafka.min_insync_replicas or default)}


def what_is_wrong(spec: TopicSpec, state: TopicState, kafka: Kafka) -> list[str]:
    """Say how a topic that exists differs from what it must be, with the command that mends it."""
    found = []
    if state.partitions != kafka.partitions:
        found.append(_wrong_partitions(spec, state, kafka))
    if kafka.replication_factor and state.replication_factor < kafka.replication_factor:
        found.append(
            f"topic {spec.name} keeps {state.replication_factor} copies of each partition, not "
            f"{kafka.replication_factor}: add copies with kafka-reassign-partitions.sh, or set "
            f"[kafka] replication_factor = {state.replication_factor}"
        )
    wanted = wanted_config(spec, kafka, replication_factor=state.replication_factor)
    wrong = {
        name: value for name, value in wanted.items() if not _is_fit(name, state.config, value)
    }
    if wrong:
        found.append(_wrong_config(spec, state, kafka, wrong))
    return found


def _is_fit(name: str, config: Mapping[str, str], wanted: str) -> bool:
    there = config.get(name, "")
    if name in AT_LEAST:
        return there.isdecimal() and int(there) >= int(wanted)
    return there == wanted


def _wrong_partitions(spec: TopicSpec, state: TopicState, kafka: Kafka) -> str:
    # Adding partitions would send a customer's next records to another partition than the first.
    return (
        f"topic {spec.name} has {state.partitions} partitions, not {kafka.partitions}, and the "
        f"number is fixed once there are records: set [kafka] partitions = {state.partitions}; or, "
        "while the topic is empty, remove it and run `subfold topics create` again: "
        f"kafka-topics.sh --bootstrap-server {kafka.bootstrap_servers} --delete --topic {spec.name}"
    )


def _wrong_config(
    spec: TopicSpec, state: TopicState, kafka: Kafka, wrong: Mapping[str, str]
) -> str:
    differences = ", ".join(
        f"{name} = {state.config.get(name, 'nothing')} instead of {value}"
        for name, value in wrong.items()
    )
    settings = ",".join(f"{name}={value}" for name, value in wrong.items())
    return (
        f"topic {spec.name} has {differences}: "
        f"kafka-configs.sh --bootstrap-server {kafka.bootstrap_servers} --alter "
        f"--entity-type topics --entity-name {spec.name} --add-config {settings}"
    )
