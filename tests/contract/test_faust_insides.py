"""What the worker uses of Faust and aiokafka that neither promises: a release that moves it fails.

Faust is pinned to one version; this is to be green before the pin moves.
"""

from __future__ import annotations

import inspect

import pytest
from faust.app.base import App, BootStrategy
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, ConsumerThread, Fetcher
from faust.transport.drivers import aiokafka as driver

from streams.settings import Deployment, Kafka
from streams.worker.app import ConsumerOnly, WorkerApp, build_app
from streams.worker.names import Names
from streams.worker.recovery import RowsRecovery, RowsTableManager
from streams.worker.transport import BatchConsumer, BatchThread, BatchTransport

OURS = [
    # ours          Faust's                        replaced or extended by us
    (BatchThread, driver.AIOKafkaConsumerThread, "__post_init__"),
    (BatchThread, driver.AIOKafkaConsumerThread, "_create_worker_consumer"),
    (BatchThread, driver.AIOKafkaConsumerThread, "_fetch_records"),
    (BatchThread, driver.AIOKafkaConsumerThread, "_seek_wait"),
    (BatchConsumer, driver.Consumer, "_new_consumer_thread"),
    (BatchConsumer, driver.Consumer, "getmany"),
    (BatchConsumer, driver.Consumer, "perform_seek"),
    (BatchConsumer, driver.Consumer, "_add_gap"),
    (BatchConsumer, driver.Consumer, "ack"),
    (BatchConsumer, driver.Consumer, "verify_event_path"),
    (RowsRecovery, Recovery, "on_rebalance"),
    (RowsRecovery, Recovery, "on_stop"),
    (RowsTableManager, TableManager, "on_rebalance_start"),
    (WorkerApp, App, "_create_directories"),
]
TASKS = ["_restart_recovery", "_slurp_changelogs", "_publish_stats"]
CALLED = [
    (Consumer, "_wait_next_records", ["self", "timeout"]),
    (driver.Consumer, "_to_message", ["self", "tp", "record"]),
    (driver.Consumer, "seek_wait", ["self", "partitions"]),
    (Consumer, "commit", ["self", "topics", "start_new_transaction"]),
    (Consumer, "resume_partitions", ["self", "tps"]),
    (Consumer, "resume_flow", ["self"]),
    (ConsumerThread, "call_thread", ["self", "fun", "args", "kwargs"]),
    (driver.AIOKafkaConsumerThread, "_ensure_consumer", ["self"]),
    (TableManager, "on_actives_ready", ["self"]),
    (TableManager, "on_standbys_ready", ["self"]),
    (App, "on_rebalance_end", ["self"]),
    (App, "_consumer_wait_empty", ["self", "consumer", "logger"]),
]


@pytest.fixture
def app():
    kafka = Kafka(bootstrap_servers="a.example:1,b.example:2", prefix="p.", partitions=4)
    return build_app(Deployment(kafka=kafka))


def parameters(function) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(("ours", "fausts", "name"), OURS)
def test_what_we_replace_is_there_and_takes_what_ours_takes(ours, fausts, name):
    assert name in vars(ours)
    assert parameters(getattr(fausts, name)) == parameters(getattr(ours, name))


@pytest.mark.parametrize("name", TASKS)
def test_the_tasks_of_recovery_that_ours_take_the_place_of_are_all_there_are(name):
    assert name in vars(RowsRecovery)
    assert name in vars(Recovery)
    tasks = [key for key, value in vars(Recovery).items() if type(value).__name__ == "ServiceTask"]
    assert sorted(tasks) == sorted(TASKS)


@pytest.mark.parametrize(("owner", "name", "expected"), CALLED)
def test_what_we_call_takes_what_we_give(owner, name, expected):
    assert parameters(getattr(owner, name)) == expected


async def test_the_fields_that_we_read_are_there(app):
    consumer = app.consumer

    assert isinstance(consumer, BatchConsumer)
    assert isinstance(app.transport, BatchTransport)
    assert isinstance(app.tables.recovery, RowsRecovery)
    assert isinstance(app._fetcher, Fetcher)
    assert consumer._buffered_partitions == set()
    assert len(consumer._unacked_messages) == 0
    assert consumer._waiting_for_ack is None
    assert consumer.flow_active
    assert app.consumer_generation_id == 0
    assert app.rebalancing_count == 0
    assert app.rebalancing is False
    assert app.tables.recovery._generation_id == 0
    assert app.assignor.assigned_actives() == set()


async def test_force_commit_commits_nothing(app):
    assert await app.consumer.force_commit({"a"}, start_new_transaction=False) is False
    assert await app.consumer.commit() is False


async def test_fausts_consumer_reads_committed_records_and_never_moves_by_itself(app):
    consumer = app.consumer._thread._create_worker_consumer(app.transport)

    assert consumer._isolation_level == "read_committed"
    assert consumer._auto_offset_reset == "none"
    assert consumer._enable_auto_commit is False
    assert consumer._group_id == "p.subfold"
    assert consumer._client._bootstrap_servers == "a.example:1,b.example:2"


def test_fausts_name_of_the_changelog_is_that_of_the_table_of_topics(app):
    names = Names(prefix="p.", application="subfold")

    assert app.tables["customers"].changelog_topic_name == names.changelog
    assert app.conf.id == names.group


def test_fausts_producer_and_web_server_are_not_started(app):
    assert ConsumerOnly.enable_kafka_producer is False
    assert list(ConsumerOnly(app).kafka_producer()) == []
    assert list(ConsumerOnly(app).web_server()) == []
    assert isinstance(app.boot_strategy, BootStrategy)


def test_faust_sees_no_variable_of_the_environment(monkeypatch):
    monkeypatch.setenv("BROKER_SESSION_TIMEOUT", "99")
    monkeypatch.setenv("PROCESSING_GUARANTEE", "exactly_once")
    app = build_app(Deployment(kafka=Kafka(bootstrap_servers="a.example:1")))

    assert app.conf.broker_session_timeout == 10
    assert app.in_transaction is False
    assert app.conf.stream_wait_empty is True
