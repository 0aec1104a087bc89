"""Given a real broker: settings in the log."""

from __future__ import annotations

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.automations import Automation
from schemas.errors import BrokerError
from schemas.records import Kind
from schemas.settings import BusinessSettings, SettingsRecord
from streams.log.admin import create_topics
from streams.log.records import read_log_record
from streams.log.settings_log import OthersAppliedError, apply_settings, last_applied
from streams.log.topics import LOG
from streams.settings import Deployment, Kafka

PARTITIONS = 3
DEFAULT = BusinessSettings()
OTHER = BusinessSettings(automations=(Automation(name="bye", on="subscription_canceled"),))


@pytest.fixture
async def kafka(bootstrap_servers: str, prefix: str) -> Kafka:
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=PARTITIONS)
    await create_topics(Deployment(kafka=kafka))
    return kafka


async def apply(kafka: Kafka, business: BusinessSettings, reason: str = "as agreed"):
    return await apply_settings(kafka, business, applied_by="ana", reason=reason, announce="silent")


async def append(kafka: Kafka, partition: int, value: bytes, kind: str = "settings") -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    headers = [("kind", kind.encode()), ("source", b"-")]
    await producer.send_and_wait(
        kafka.prefix + LOG, value, key=b"-/-/-/settings", partition=partition, headers=headers
    )
    await producer.stop()


async def read_log(kafka: Kafka) -> list[list[tuple[Kind, str, int]]]:
    """Kind, event id and settings version of every record, partition by partition."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, group_id=None)
    await reader.start()
    found = []
    for partition in range(PARTITIONS):
        place = TopicPartition(kafka.prefix + LOG, partition)
        reader.assign([place])
        await reader.seek_to_beginning(place)
        end = (await reader.end_offsets([place]))[place]
        found.append([])
        while await reader.position(place) < end:
            found[-1].append(as_seen_by_the_worker(await reader.getone(place)))
    await reader.stop()
    return found


def as_seen_by_the_worker(record) -> tuple[Kind, str, int]:
    read = read_log_record(
        key=record.key,
        value=record.value,
        headers=record.headers,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
    )
    version = SettingsRecord.model_validate_json(read.value).version
    return read.kind, read.event_id, version


async def test_settings_reach_every_partition_once(kafka):
    done = await apply(kafka, DEFAULT)

    assert done.outcome == "applied"
    assert await read_log(kafka) == [[(Kind.SETTINGS, "settings:1", 1)]] * PARTITIONS


async def test_the_same_settings_are_not_applied_again(kafka):
    await apply(kafka, DEFAULT)
    done = await apply(kafka, DEFAULT, reason="again")

    assert done.outcome == "already_applied"
    assert [len(records) for records in await read_log(kafka)] == [1] * PARTITIONS


async def test_each_change_is_a_version_of_its_own(kafka):
    for business in (DEFAULT, OTHER, DEFAULT):
        done = await apply(kafka, business)

    assert done.record.version == 3
    assert [[version for *_, version in records] for records in await read_log(kafka)] == [
        [1, 2, 3]
    ] * PARTITIONS


async def test_what_was_applied_is_found_among_other_records(kafka):
    await apply(kafka, OTHER, reason="new automation")
    await append(kafka, 0, b'{"id": "evt_1"}', kind="webhook")

    found = await last_applied(kafka)

    assert found is not None
    assert (found.version, found.content, found.hash) == (1, OTHER, OTHER.content_hash())
    assert (found.applied_by, found.reason, found.announce) == ("ana", "new automation", "silent")


async def test_a_log_without_settings_has_none(kafka):
    assert await last_applied(kafka) is None


async def test_an_apply_that_broke_off_is_completed(kafka):
    record = SettingsRecord(
        version=1, hash=DEFAULT.content_hash(), applied_by="ana", content=DEFAULT
    )
    for partition in (0, 1):
        await append(kafka, partition, record.model_dump_json().encode())

    assert (await apply(kafka, DEFAULT)).outcome == "completed"
    assert [len(records) for records in await read_log(kafka)] == [1, 1, 1]
    assert (await apply(kafka, DEFAULT)).outcome == "already_applied"


async def test_of_two_records_with_one_version_the_first_counts(kafka):
    for business in (OTHER, DEFAULT):
        record = SettingsRecord(
            version=1, hash=business.content_hash(), applied_by="ana", content=business
        )
        await append(kafka, 0, record.model_dump_json().encode())

    found = await last_applied(kafka)

    assert found is not None
    assert found.content == OTHER


async def test_settings_of_a_newer_subfold_are_never_built_upon(kafka):
    await append(kafka, 0, b'{"version": 9, "hash": "", "content": {"weather": {}}}')

    with pytest.raises(BrokerError, match=r"0:0 cannot be read by this version"):
        await apply(kafka, DEFAULT)


async def test_without_a_log_the_remedy_is_named(bootstrap_servers, prefix):
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix)

    with pytest.raises(BrokerError, match="subfold topics create"):
        await last_applied(kafka)


async def test_who_looked_at_a_version_that_holds_no_more_is_refused_and_nothing_is_written(kafka):
    await apply(kafka, DEFAULT)
    await apply(kafka, OTHER)
    before = await read_log(kafka)

    with pytest.raises(OthersAppliedError, match="version 2 was applied meanwhile, not 1"):
        await apply_settings(kafka, DEFAULT, applied_by="bo", reason="", announce="silent", after=1)

    assert await read_log(kafka) == before


async def test_what_is_applied_after_the_version_looked_at_is_applied_and_again_is_the_same(kafka):
    words = {"applied_by": "bo", "reason": "", "announce": "silent"}
    first = await apply_settings(kafka, DEFAULT, after=0, **words)
    again = await apply_settings(kafka, DEFAULT, after=0, **words)

    assert (first.outcome, first.record.version) == ("applied", 1)
    assert (again.outcome, again.record.version) == ("already_applied", 1)
