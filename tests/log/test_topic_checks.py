from __future__ import annotations

import pytest

from streams.log.topic_checks import (
    OFFSETS,
    TRANSACTIONS,
    TopicState,
    replication_factor_for,
    wanted_config,
    what_is_missing_now,
    what_is_wrong,
    what_is_wrong_inside,
)
from streams.log.topics import LOG, TopicSpec, topic_table
from streams.settings import Kafka

KAFKA = Kafka(bootstrap_servers="kafka.example:9092")
THE_LOG = topic_table(application="subfold", prefix="")[0]


def state_of(spec: TopicSpec, *, copies: int = 3, partitions: int = 12, **config: str):
    wanted = wanted_config(spec, KAFKA, replication_factor=copies)
    changes = {name.replace("_", "."): value for name, value in config.items()}
    return TopicState(partitions=partitions, replication_factor=copies, config=wanted | changes)


def wrong(state: TopicState, kafka: Kafka = KAFKA, *, brokers: int = 3) -> list[str]:
    return [str(fault) for fault in what_is_wrong(THE_LOG, state, kafka, brokers=brokers)]


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
    assert wrong(state_of(THE_LOG, copies=copies), brokers=copies) == []


def test_more_room_and_more_copies_in_sync_than_needed_do_no_harm():
    state = state_of(THE_LOG, max_message_bytes="9999999", min_insync_replicas="3")

    assert wrong(state) == []


def test_all_wrong_settings_of_a_topic_are_mended_by_one_command():
    state = state_of(THE_LOG, retention_ms="604800000", max_message_bytes="1048588")

    assert wrong(state) == [
        "topic stripe.events.v1 has retention.ms = 604800000 instead of -1, "
        "max.message.bytes = 1048588 instead of 2097152: "
        "kafka-configs.sh --bootstrap-server kafka.example:9092 --alter --entity-type topics "
        "--entity-name stripe.events.v1 --add-config retention.ms=-1,max.message.bytes=2097152"
    ]


def test_too_few_copies_in_sync_are_refused():
    [sentence] = wrong(state_of(THE_LOG, min_insync_replicas="1"))

    assert "--add-config min.insync.replicas=2" in sentence


@pytest.mark.parametrize("partitions", [1, 13])
def test_another_number_of_partitions_is_never_mended_by_adding_some(partitions):
    [sentence] = wrong(state_of(THE_LOG, partitions=partitions))

    assert f"set [kafka] partitions = {partitions}" in sentence
    assert f"--delete --topic {LOG}" in sentence


def test_fewer_copies_than_asked_for_are_refused():
    kafka = Kafka(replication_factor=3)
    state = TopicState(
        partitions=12,
        replication_factor=1,
        config=wanted_config(THE_LOG, kafka, replication_factor=1),
    )

    [sentence] = wrong(state, kafka)

    assert "kafka-reassign-partitions.sh" in sentence


def test_one_copy_where_three_brokers_are_is_refused_unless_it_is_meant():
    meant = KAFKA.model_copy(update={"replication_factor": 1})
    [sentence] = wrong(state_of(THE_LOG, copies=1))

    assert "keeps 1 copies of each partition, not 3" in sentence
    assert "[kafka] replication_factor = 1" in sentence
    assert wrong(state_of(THE_LOG, copies=1), meant) == []


def test_more_copies_in_sync_than_there_are_can_never_be_written_to():
    [sentence] = wrong(state_of(THE_LOG, copies=1, min_insync_replicas="2"), brokers=1)

    assert "nothing can be written to it" in sentence
    assert "--add-config min.insync.replicas=1" in sentence


def test_a_leader_that_may_lack_what_was_acknowledged_is_refused():
    [sentence] = wrong(state_of(THE_LOG, unclean_leader_election_enable="true"))

    assert "--add-config unclean.leader.election.enable=false" in sentence


def inside(name: str, *, copies: int, insync: str, brokers: int = 3) -> list[str]:
    config = {"min.insync.replicas": insync}
    state = TopicState(partitions=50, replication_factor=copies, config=config)
    return [str(fault) for fault in what_is_wrong_inside(name, state, KAFKA, brokers=brokers)]


def test_kafkas_own_topics_need_as_many_copies():
    assert inside(TRANSACTIONS, copies=3, insync="2") == []
    assert inside(TRANSACTIONS, copies=1, insync="1", brokers=1) == []
    for name in (OFFSETS, TRANSACTIONS):
        [sentence] = inside(name, copies=1, insync="1")
        assert f"{name} keeps 1 copies of each partition, not 3" in sentence


def test_only_of_transactions_two_copies_must_be_in_sync():
    [sentence] = inside(TRANSACTIONS, copies=3, insync="1")

    assert "--entity-name __transaction_state --add-config min.insync.replicas=2" in sentence
    assert inside(OFFSETS, copies=3, insync="1") == []


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({}, None),
        ({"in_sync": 2}, None),
        ({"in_sync": 1}, "1 copies in sync where 2 must have a record"),
        ({"in_sync": 0, "is_led": False}, "without a leader"),
    ],
)
def test_brokers_that_are_away_are_told_of(now, words):
    state = TopicState(
        partitions=1,
        replication_factor=3,
        config={"min.insync.replicas": "2"},
        **({"in_sync": 3} | now),
    )
    told = [str(lack) for lack in what_is_missing_now(LOG, state, KAFKA)]

    assert [words in sentence for sentence in told] == ([True] if words else [])
