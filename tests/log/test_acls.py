from __future__ import annotations

from streams.log.acls import least_acls
from streams.log.topics import topic_table
from streams.settings import Deployment, Kafka, Worker

DEPLOYMENT = Deployment(kafka=Kafka(prefix="eu."), worker=Worker(application="fold"))
ACLS = least_acls(DEPLOYMENT)


def rights(role: str, resource: str = "topic") -> dict[str, tuple[str, ...]]:
    return {
        name: acl.operations
        for acl in ACLS
        if acl.role == role and acl.resource == resource
        for name in acl.names
    }


def test_ingest_may_append_to_the_log_and_do_nothing_else():
    assert [(acl.names, acl.operations) for acl in ACLS if acl.role == "ingest"] == [
        (("eu.stripe.events.v1",), ("Write",))
    ]


def test_the_worker_reads_the_log_and_writes_its_ticks_into_it():
    assert rights("worker")["eu.stripe.events.v1"] == ("Read", "Write", "DescribeConfigs")


def test_the_worker_sees_the_settings_of_every_topic():
    names = {spec.name for spec in topic_table(application="fold", prefix="eu.")}

    assert set(rights("worker")) == names
    assert all("DescribeConfigs" in operations for operations in rights("worker").values())


def test_the_worker_has_its_group_and_its_transactional_ids():
    assert rights("worker", "group") == {"eu.fold": ("Read",)}
    [transactional] = [acl for acl in ACLS if acl.resource == "transactional-id"]
    assert (transactional.names, transactional.operations) == (("eu.fold-",), ("Write",))
    assert transactional.pattern == "prefixed"
    assert "--resource-pattern-type prefixed" in transactional.command()


def test_settings_are_found_in_the_log_and_appended_to_it():
    assert rights("settings") == {"eu.stripe.events.v1": ("Read", "Write")}


def test_a_reader_may_only_read_and_never_the_rows_behind_the_worker():
    assert set(rights("reader").values()) == {("Read",)}
    assert "eu.fold-customers-changelog" not in rights("reader")


def test_the_console_reads_all_and_writes_what_a_person_asks_for():
    console = rights("console")

    assert all("Read" in operations for operations in console.values())
    assert {topic for topic, operations in console.items() if "Write" in operations} == {
        "eu.stripe.events.v1",
        "eu.stripe.events.v1.dlq",
    }
    assert len(console) == 16


def test_an_operator_gives_dead_letters_back_and_looks_at_markers():
    assert rights("operator") == {
        "eu.stripe.events.v1": ("Read", "Write"),
        "eu.stripe.events.v1.dlq": ("Read", "Write"),
        "eu.fold-customers-changelog": ("Read",),
        "eu.stripe.sources.v1": ("Read",),
    }
