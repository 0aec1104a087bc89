"""What a topic must be on a given cluster, and what is wrong with one that is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streams.log.topics import TopicSpec
from streams.settings import Kafka

MIN_INSYNC = "min.insync.replicas"
UNCLEAN = "unclean.leader.election.enable"
AT_LEAST = frozenset({"max.message.bytes", MIN_INSYNC})
"""Settings of which more than we need does no harm; every other must be exactly as in the table."""
OFFSETS = "__consumer_offsets"
TRANSACTIONS = "__transaction_state"
INTERNAL = (OFFSETS, TRANSACTIONS)
"""Kafka's own topics on which the promise rests. Group offsets never decide where a worker starts,
so only their copies count; of transactions also how many must have them."""

COPIES_OF = {
    OFFSETS: "offsets.topic.replication.factor",
    TRANSACTIONS: "transaction.state.log.replication.factor",
}
IN_SYNC_OF_TRANSACTIONS = "transaction.state.log.min.isr"
BROKER_SETTINGS = (*COPIES_OF.values(), IN_SYNC_OF_TRANSACTIONS)
"""By these a broker makes them at their first use; samples of Kafka's own files say 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something of the cluster that is not as it must be, and the remedy: most often a command."""

    about: str
    words: str
    remedy: str

    def __str__(self) -> str:
        """One sentence of both."""
        return f"{self.words}: {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """A topic as the cluster has it.

    `is_led`: every partition has a leader now. `in_sync`: the fewest copies that a partition has
    in sync now.
    """

    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    is_led: bool = True
    in_sync: int = 1


def replication_factor_for(kafka: Kafka, *, brokers: int) -> int:
    """Copies of each partition of a new topic: as set, or else 3 where three brokers answer."""
    return kafka.replication_factor or (3 if brokers >= 3 else 1)  # noqa: PLR2004 - as the docstring says


def wanted_config(spec: TopicSpec, kafka: Kafka, *, replication_factor: int) -> dict[str, str]:
    """The topic's settings from the table, and how many copies must have a record before it counts.

    With three copies two are enough, so that one broker may be away; with fewer, one.
    """
    return {**spec.config, MIN_INSYNC: str(_min_insync(kafka, replication_factor))}


def what_is_wrong(spec: TopicSpec, state: TopicState, kafka: Kafka, *, brokers: int) -> list[Fault]:
    """Say how a topic that exists differs from what it must be, with the command that mends it."""
    found = []
    if state.partitions != kafka.partitions:
        found.append(_wrong_partitions(spec, state, kafka))
    found += _wrong_copies(spec.name, state, kafka, brokers=brokers)
    wanted = wanted_config(spec, kafka, replication_factor=state.replication_factor)
    wrong = {
        name: value for name, value in wanted.items() if not _is_fit(name, state.config, value)
    }
    if state.config.get(UNCLEAN) == "true":
        wrong[UNCLEAN] = "false"
    if wrong:
        found.append(_wrong_config(spec.name, state, kafka, wrong))
    return found


def what_is_wrong_inside(
    name: str, state: TopicState, kafka: Kafka, *, brokers: int
) -> list[Fault]:
    """The same of a topic of Kafka's own."""
    found = _wrong_copies(name, state, kafka, brokers=brokers)
    wanted = str(_min_insync(kafka, state.replication_factor))
    if name == TRANSACTIONS and not _is_fit(MIN_INSYNC, state.config, wanted):
        found.append(_wrong_config(name, state, kafka, {MIN_INSYNC: wanted}))
    return found


def what_will_be_wrong_inside(
    name: str, settings: Mapping[str, str], kafka: Kafka, *, brokers: int
) -> list[Fault]:
    """The same of one that is not made yet, by the brokers' settings."""
    copies = replication_factor_for(kafka, brokers=brokers)
    wanted = {COPIES_OF[name]: copies}
    if name == TRANSACTIONS:
        wanted[IN_SYNC_OF_TRANSACTIONS] = _min_insync(kafka, copies)
    return [
        Fault(
            about=name,
            words=f"{name} is not made yet, and would be with {key} = {settings[key]} instead of "
            f"{value}",
            remedy=f"set {key}={value} in every broker's server.properties, and start it anew",
        )
        for key, value in wanted.items()
        if settings.get(key, "").isdecimal() and int(settings[key]) < value
    ]


def what_is_missing_now(name: str, state: TopicState, kafka: Kafka) -> list[Fault]:
    """Say what a topic lacks at this moment, though it is set up as it must be."""
    needed = state.config.get(MIN_INSYNC, "1")
    if state.is_led and not (needed.isdecimal() and state.in_sync < int(needed)):
        return []
    lack = (
        f"has a partition with {state.in_sync} copies in sync where {needed} must have a record"
        if state.is_led
        else "has a partition without a leader"
    )
    return [
        Fault(
            about=name,
            words=f"topic {name} {lack}, so nothing can be written to it now",
            remedy="bring back the brokers that are away: kafka-topics.sh --bootstrap-server "
            f"{kafka.bootstrap_servers} --describe --topic {name}",
        )
    ]


def _min_insync(kafka: Kafka, replication_factor: int) -> int:
    return kafka.min_insync_replicas or (2 if replication_factor >= 3 else 1)  # noqa: PLR2004


def _is_fit(name: str, config: Mapping[str, str], wanted: str) -> bool:
    there = config.get(name, "")
    if name in AT_LEAST:
        return there.isdecimal() and int(there) >= int(wanted)
    return there == wanted


def _wrong_partitions(spec: TopicSpec, state: TopicState, kafka: Kafka) -> Fault:
    # Adding partitions would send a customer's next records to another partition than the first.
    return Fault(
        about=spec.name,
        words=f"topic {spec.name} has {state.partitions} partitions, not {kafka.partitions}, and "
        "the number is fixed once there are records",
        remedy=f"set [kafka] partitions = {state.partitions}; or, while the topic is empty, remove "
        "it and run `subfold topics create` again: kafka-topics.sh --bootstrap-server "
        f"{kafka.bootstrap_servers} --delete --topic {spec.name}",
    )


def _wrong_copies(name: str, state: TopicState, kafka: Kafka, *, brokers: int) -> list[Fault]:
    copies = state.replication_factor
    wanted = replication_factor_for(kafka, brokers=brokers)
    found = []
    if copies < wanted:
        found.append(
            Fault(
                about=name,
                words=f"topic {name} keeps {copies} copies of each partition, not {wanted}: what "
                "was acknowledged is lost with a broker's disk",
                remedy="add copies with kafka-reassign-partitions.sh, or set "
                f"[kafka] replication_factor = {copies}",
            )
        )
    insync = state.config.get(MIN_INSYNC, "")
    if insync.isdecimal() and int(insync) > copies:
        found.append(
            Fault(
                about=name,
                words=f"topic {name} wants {insync} copies in sync and keeps {copies}, so nothing "
                "can be written to it",
                remedy=_alter(name, kafka, {MIN_INSYNC: str(_min_insync(kafka, copies))}),
            )
        )
    return found


def _wrong_config(name: str, state: TopicState, kafka: Kafka, wrong: Mapping[str, str]) -> Fault:
    differences = ", ".join(
        f"{key} = {state.config.get(key, 'nothing')} instead of {value}"
        for key, value in wrong.items()
    )
    return Fault(
        about=name, words=f"topic {name} has {differences}", remedy=_alter(name, kafka, wrong)
    )


def _alter(name: str, kafka: Kafka, config: Mapping[str, str]) -> str:
    settings = ",".join(f"{key}={value}" for key, value in config.items())
    return (
        f"kafka-configs.sh --bootstrap-server {kafka.bootstrap_servers} --alter "
        f"--entity-type topics --entity-name {name} --add-config {settings}"
    )
