"""Given a real broker: dead letters are given back to the log once, whatever breaks off."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from build import SUBJECT
from fetched import Fetched, fetched, headers
from schemas.errors import BadRecordError, BrokerError, DeadLetterReason
from streams.log.admin import create_topics
from streams.log.topics import DEAD_LETTERS, LOG
from streams.settings import Deployment, Kafka
from streams.worker.dead_letters import dead_letter
from streams.worker.letter_topic import body_of, read_letters
from streams.worker.letters import FIRST, LETTER, Action, Deed, Place, headers_to_redrive
from streams.worker.redrive import discard, redrive

BAD = BadRecordError(DeadLetterReason.NOT_JSON, "the body is no JSON")
LATER_MS = 10**15
BODIES = (b"\x00 no JSON", b"{", None)


@pytest.fixture
async def kafka(bootstrap_servers, prefix) -> Kafka:
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=2)
    await create_topics(Deployment(kafka=kafka))
    return kafka


@pytest.fixture
async def producer(kafka):
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as made:
        yield made


@pytest.fixture
async def letters(kafka, producer) -> list[Fetched]:
    """Records of the log's second partition, each with its dead letter."""
    records = [
        fetched(body, offset, partition=1, headers=(("x", None), *headers()))
        for offset, body in enumerate(BODIES)
    ]
    for record in records:
        await append(producer, kafka, LOG, record)
        letter = dead_letter(record, BAD)
        buried = fetched(letter.value, partition=1, key=letter.key, headers=tuple(letter.headers))
        await append(producer, kafka, DEAD_LETTERS, buried)
    return records


async def append(producer, kafka: Kafka, topic: str, record: Fetched) -> int:
    done = await producer.send_and_wait(
        kafka.prefix + topic,
        record.value,
        key=record.key,
        partition=record.partition,
        headers=list(record.headers),
    )
    return done.offset


async def note(producer, kafka: Kafka, deed: Deed) -> None:
    record = fetched(
        deed.value(), partition=deed.letter.partition, key=None, headers=tuple(deed.headers())
    )
    await append(producer, kafka, DEAD_LETTERS, record)


async def log_of(kafka: Kafka) -> list[list]:
    found = []
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers) as reader:
        for partition in range(kafka.partitions):
            place = TopicPartition(kafka.prefix + LOG, partition)
            reader.assign([place])
            await reader.seek_to_beginning(place)
            end = (await reader.end_offsets([place]))[place]
            found.append([])
            while await reader.position(place) < end:
                found[-1].append(await reader.getone(place))
    return found


async def again(kafka: Kafka, *offsets: int, now_ms: int = LATER_MS):
    letters = await read_letters(kafka)
    chosen = [letters.by_place[Place(1, offset)] for offset in offsets]
    return await redrive(kafka, letters, chosen, by="ana", why="mended", now_ms=now_ms)


async def states(kafka: Kafka) -> list[str]:
    letters = await read_letters(kafka)
    return [letters.by_place[place].state for place in sorted(letters.by_place)]


async def test_records_go_back_to_their_partition_as_they_were_and_name_their_letter(
    kafka, letters
):
    deeds = await again(kafka, 0, 2)

    first, second = await log_of(kafka)
    assert first == []
    assert [(each.key, each.value) for each in second[3:]] == [
        (SUBJECT.encode(), BODIES[0]),
        (SUBJECT.encode(), BODIES[2]),
    ]
    assert second[3].headers == (*letters[0].headers, (LETTER, b"1:0"), (FIRST, b"1:0"))
    assert [(deed.action, deed.written) for deed in deeds] == [("redriven", 3), ("redriven", 4)]
    assert await states(kafka) == ["redriven", "open", "redriven"]


async def test_the_letters_stay_and_tell_who_did_what_and_why(kafka, letters):
    await again(kafka, 1)
    read = await read_letters(kafka)
    await discard(kafka, [read.by_place[Place(1, 0)]], by="bo", why="a test of ours")

    read = await read_letters(kafka)
    told = {
        str(place): [(deed.action, deed.by, deed.why) for deed in letter.deeds]
        for place, letter in read.by_place.items()
    }
    assert told == {
        "1:0": [("discarded", "bo", "a test of ours")],
        "1:1": [("redriving", "ana", "mended"), ("redriven", "ana", "mended")],
        "1:2": [],
    }
    assert read.strange == 0
    assert await body_of(kafka, read.by_place[Place(1, 1)]) == BODIES[1]


async def test_a_redrive_that_broke_off_before_the_record_went_is_done_over(
    kafka, producer, letters
):
    deed = Deed(action=Action.REDRIVING, letter=Place(1, 1), by="bo", log_end=3)
    await note(producer, kafka, deed)

    await again(kafka, 1)

    assert [each.value for each in (await log_of(kafka))[1][3:]] == [BODIES[1]]
    assert await states(kafka) == ["open", "redriven", "open"]


async def test_a_redrive_that_broke_off_after_the_record_went_is_only_noted(
    kafka, producer, letters
):
    letter = (await read_letters(kafka)).by_place[Place(1, 1)]
    deed = Deed(action=Action.REDRIVING, letter=letter.place, by="bo", log_end=3)
    await note(producer, kafka, deed)
    gone = tuple(headers_to_redrive(letter, dead_letter(letters[1], BAD).headers))
    await append(producer, kafka, LOG, fetched(BODIES[1], partition=1, headers=gone))

    [done] = await again(kafka, 1)

    assert done.written == 3
    assert len((await log_of(kafka))[1]) == 4
    assert await states(kafka) == ["open", "redriven", "open"]


async def test_what_went_by_an_earlier_redrive_is_not_taken_for_this_one(kafka, producer, letters):
    await again(kafka, 1)
    await note(
        producer, kafka, Deed(action=Action.REDRIVING, letter=Place(1, 1), by="bo", log_end=4)
    )

    [done] = await again(kafka, 1)

    assert done.written == 4


async def test_a_redrive_that_may_be_under_way_is_left_alone(kafka, producer, letters):
    await note(
        producer, kafka, Deed(action=Action.REDRIVING, letter=Place(1, 1), by="bo", log_end=3)
    )

    with pytest.raises(BrokerError, match="1:1 is being redriven by bo"):
        await again(kafka, 1, now_ms=0)

    assert len((await log_of(kafka))[1]) == 3


async def test_of_two_at_the_same_moment_one_goes(kafka, letters):
    read = await read_letters(kafka)
    chosen = [read.by_place[Place(1, 1)]]
    done = await asyncio.gather(
        *(redrive(kafka, read, chosen, by=name, why="", now_ms=LATER_MS) for name in "ab"),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in done) == ["BrokerError", "list"]
    assert len((await log_of(kafka))[1]) == 4


async def test_letters_behind_an_open_transaction_of_a_worker_are_waited_for(
    kafka, producer, letters
):
    worker = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, transactional_id=f"{kafka.prefix}worker"
    )
    async with worker:
        await worker.begin_transaction()
        await worker.send_and_wait(kafka.prefix + DEAD_LETTERS, b"open", partition=1)
        await note(producer, kafka, Deed(action=Action.DISCARDED, letter=Place(1, 1), by="bo"))
        reading = asyncio.create_task(states(kafka))
        await asyncio.wait([reading], timeout=0.5)
        assert not reading.done()
        await worker.abort_transaction()

        assert await reading == ["open", "discarded", "open"]
