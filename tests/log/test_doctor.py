from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import UnknownTopicOrPartitionError
from typer.testing import CliRunner

from cli.main import app
from streams.log.admin import create_topics, missing_or_wrong
from streams.log.cluster_state import broker_settings, connected, topic_states
from streams.log.doctor import Seen, diagnose, judged
from streams.log.embedded.cluster import EmbeddedCluster
from streams.log.topic_checks import BROKER_SETTINGS, INTERNAL, TopicState, wanted_config
from streams.log.topics import LOG, topics_of
from streams.settings import Deployment, Kafka

HERE = Deployment(kafka=Kafka(bootstrap_servers="kafka.example:9092"))


def states(copies: int) -> dict[str, TopicState]:
    return {
        spec.name: TopicState(
            partitions=12,
            replication_factor=copies,
            config=wanted_config(spec, HERE.kafka, replication_factor=copies),
            in_sync=copies,
        )
        for spec in topics_of(HERE)
    }


def inner(copies: int) -> dict[str, TopicState]:
    config = {"min.insync.replicas": "2" if copies == 3 else "1"}
    state = TopicState(partitions=50, replication_factor=copies, config=config, in_sync=copies)
    return dict.fromkeys(INTERNAL, state)


def test_three_brokers_with_three_copies_have_nothing_to_be_told():
    found = judged(HERE, topics_of(HERE), Seen(3, states(3), inner(3)))

    assert (found.faults, found.lacks, found.notes) == ([], [], [])


def test_one_broker_is_no_fault_and_its_limit_is_told():
    found = judged(HERE, topics_of(HERE), Seen(1, states(1), inner(1)))

    assert (found.faults, found.lacks) == ([], [])
    [note] = found.notes
    assert "not the loss of a disk" in note


def test_a_topic_that_is_missing_and_one_of_kafkas_with_one_copy_are_faults():
    ours = states(3)
    del ours[LOG]
    found = judged(HERE, topics_of(HERE), Seen(3, ours, inner(1)))

    assert [fault.about for fault in found.faults] == [LOG, *INTERNAL]
    assert found.faults[0].remedy == "run `subfold topics create`"


def test_what_cannot_be_seen_of_kafkas_own_is_said():
    found = judged(HERE, topics_of(HERE), Seen(3, states(3), {}))

    assert found.faults == []
    assert [note.split()[0] for note in found.notes] == list(INTERNAL)


def test_what_kafka_would_make_with_one_copy_is_a_fault_before_it_is_made():
    ones = dict.fromkeys(BROKER_SETTINGS, "1")
    enough = dict.fromkeys(BROKER_SETTINGS, "3")

    found = judged(HERE, topics_of(HERE), Seen(3, states(3), {}, ones))
    assert [fault.words.split("with ")[1] for fault in found.faults] == [
        "offsets.topic.replication.factor = 1 instead of 3",
        "transaction.state.log.replication.factor = 1 instead of 3",
        "transaction.state.log.min.isr = 1 instead of 2",
    ]
    assert judged(HERE, topics_of(HERE), Seen(3, states(3), {}, enough)).faults == []
    assert judged(HERE, topics_of(HERE), Seen(1, states(1), {}, ones)).faults == []


def test_a_broker_that_is_away_is_told_apart_from_what_is_set_up_wrongly():
    ours = states(3)
    ours[LOG] = TopicState(partitions=12, replication_factor=3, config=ours[LOG].config, in_sync=1)
    found = judged(HERE, topics_of(HERE), Seen(2, ours, inner(3)))

    assert found.faults == []
    assert [lack.about for lack in found.lacks] == [LOG]


@pytest.fixture
async def deployment(bootstrap_servers: str, prefix: str) -> Deployment:
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=2)
    made = Deployment(kafka=kafka)
    await create_topics(made)
    return made


async def alter(deployment: Deployment, name: str, config: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=deployment.kafka.bootstrap_servers)
    await admin.start()
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, config)])
    await admin.close()


async def test_on_a_real_broker_all_is_well_until_something_is_changed(deployment):
    assert (await diagnose(deployment)).faults == []
    updates = topics_of(deployment)[-1]

    await alter(deployment, updates.name, dict(updates.config) | {"retention.ms": "604800000"})
    while not (faults := (await diagnose(deployment)).faults):
        pass

    [fault] = faults
    assert fault.about == updates.name
    assert "retention.ms = 604800000 instead of -1" in fault.words
    assert fault.remedy.endswith("--add-config retention.ms=-1")
    assert await missing_or_wrong(deployment) == [str(fault)]


def test_the_command_explains_and_its_exit_code_tells(
    bootstrap_servers, prefix, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap_servers)
    monkeypatch.setenv("SUBFOLD_KAFKA__PREFIX", prefix)
    monkeypatch.setenv("SUBFOLD_KAFKA__PARTITIONS", "2")

    ill = CliRunner().invoke(app, ["doctor"])
    assert CliRunner().invoke(app, ["topics", "create"]).exit_code == 0
    well = CliRunner().invoke(app, ["doctor"])
    told = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)

    assert ill.exit_code == 1
    assert f"WRONG  topic {prefix}{LOG} is missing" in ill.stdout
    assert "       run `subfold topics create`" in ill.stdout
    assert well.exit_code == 0
    assert f"ok     {prefix}{LOG}: 2 partitions, 1 copy, 1 in sync to write, kept" in well.stdout
    assert (told["is_well"], told["brokers"], told["faults"]) == (True, 1, [])


async def test_a_cluster_of_three_is_well_and_refuses_topics_with_one_copy(tmp_path):
    with EmbeddedCluster(tmp_path) as cluster:
        servers = cluster.bootstrap_servers
        kafka = Kafka(bootstrap_servers=servers, prefix="one.", partitions=1, replication_factor=1)
        await create_topics(Deployment(kafka=kafka))
        meant = await missing_or_wrong(Deployment(kafka=kafka))
        kafka = Kafka(bootstrap_servers=servers, prefix="one.", partitions=1)
        wrong = await missing_or_wrong(Deployment(kafka=kafka))
        kafka = Kafka(bootstrap_servers=servers, prefix="three.", partitions=1)
        await create_topics(Deployment(kafka=kafka))
        found = await diagnose(Deployment(kafka=kafka))

    assert meant == []
    assert len(wrong) == len(topics_of(HERE))
    assert all("keeps 1 copies of each partition, not 3" in sentence for sentence in wrong)
    assert (found.brokers, found.faults, found.lacks) == (3, [], [])


async def test_a_brokers_own_settings_are_seen(deployment):
    async with connected(deployment.kafka) as admin:
        settings = await broker_settings(admin, BROKER_SETTINGS)

    assert set(settings) == set(BROKER_SETTINGS)
    assert all(value.isdecimal() for value in settings.values())


class OneBrokerBehind:
    """An admin client whose broker learns of a topic when it is asked for the second time."""

    def __init__(self) -> None:
        self.asked = 0

    async def describe_topics(self):
        return [{"topic": "new", "partitions": [{"replicas": [1], "isr": [1], "leader": 1}]}]

    async def describe_configs(self, _resources):
        self.asked += 1
        code = UnknownTopicOrPartitionError.errno if self.asked == 1 else 0
        entries = [("retention.ms", "-1")]
        return [SimpleNamespace(resources=[(code, None, 2, "new", entries)])]


async def test_a_topic_that_a_broker_does_not_know_yet_is_asked_for_again():
    admin = OneBrokerBehind()

    states = await topic_states(admin, {"new"}, {"retention.ms"})

    assert states["new"].config == {"retention.ms": "-1"}
    assert admin.asked == 2
