from __future__ import annotations

import pytest

from streams.log.topic_checks import (
    TopicState,
    replication_factor_for,
    wanted_config,
    what_is_wrong,
)
from streams.log.topics import LOG, TopicSpec, topic_table
from streams.settings import Kafka

KAFKA = Kafka(bootstrap_servers="kafka.example:9092")
THE_LOG = topic_table(application="subfold", prefix="")[0]


def state_of(spec: TopicSpec, *, copies: int = 3, partitions: int = 12, **config: str):
    wanted = wanted_config(spec, KAFKA, replication_factor=copies)
    changes = {name.replace("_", "."): value for name, value in config.items()}
    return TopicState(partitions=partitions, replication_factor=copies, config=wanted | changes)


@pytest.mark.parametrize(
    ("brokers", "copies", "insync"), [(1, 1, "1"), (2, 1, "1"), (3, 3, "2"), (7, 3, "2")]
)
def test_three_brokers_keep_three_copies_and_two_must_have_a_record(brokers, copies, insync):
    assert replication_factor_for(KAFKA, brokers=brokers) == copies
    config = wanted_config(THE_LOG, KAFKA, replication_factor=copies)
    assert config["min.insync.replicas"] == insync


def test_what_the_operator_sets_wins():
    kafka = Kafka(replication_factor=2, min_insync_replicas=2)

    assert replication_factor_for(kafka, brokers=5) == 2
    config = wanted_config(THE_LOG, kafka, replication_factor=2)
    assert config["min.insync.replicas"] == "2"


@pytest.mark.parametrize("copies", [1, 3])
def test_a_topic_as_it_should_be_needs_nothing(copies):
    assert what_is_wrong(THE_LOG, state_of(THE_LOG, copies=copies), KAFKA) == []


def test_more_room_and_more_copies_in_sync_than_needed_do_no_harm():
    state = state_of(THE_LOG, max_message_bytes="9999999", min_insync_replicas="3")

    assert what_is_wrong(THE_LOG, state, KAFKA) == []


def test_all_wrong_settings_of_a_topic_are_mended_by_one_command():
    state = state_of(THE_LOG, retention_ms="604800000", max_message_bytes="1048588")

    assert what_is_wrong(THE_LOG, state, KAFKA) == [
        "topic stripe.events.v1 has retention.ms = 604800000 instead of -1, "
        "max.message.bytes = 1048588 instead of 2097152: "
        "kafka-configs.sh --bootstrap-server kafka.example:9092 --alter --entity-type topics "
        "--entity-name stripe.events.v1 --add-config retention.ms=-1,max.message.bytes=2097152"
    ]


def test_too_few_copies_in_sync_are_refused():
    [sentence] = what_is_wrong(THE_LOG, state_of(THE_LOG, min_insync_replicas="1"), KAFKA)

    assert "--add-config min.insync.replicas=2" in sentence


@pytest.mark.parametrize("partitions", [1, 13])
def test_another_number_of_partitions_is_never_mended_by_adding_some(partitions):
    [sentence] = what_is_wrong(THE_LOG, state_of(THE_LOG, partitions=partitions), KAFKA)

    assert f"set [kafka] partitions = {partitions}" in sentence
    assert f"--delete --topic {LOG}" in sentence


def test_fewer_copies_than_asked_for_are_refused():
    kafka = Kafka(replication_factor=3)
    state = TopicState(
        partitions=12,
        replication_factor=1,
        config=wanted_config(THE_LOG, kafka, replication_factor=1),
    )

    [sentence] = what_is_wrong(THE_LOG, state, kafka)

    assert "kafka-reassign-partitions.sh" in sentence
