"""Given a real broker: a copy of the log is opened, and goes on where the first stopped."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from copy_stage import (
    CRASHING,
    FEWER,
    MORE,
    assert_is_copy,
    change,
    changes,
    command,
    everywhere,
    filled,
    in_background,
    rows,
    text,
    there_adds_up,
    told,
    until_told,
    views,
)
from fetched import settings_record
from schemas.codec import canonical, decode_row
from schemas.errors import BadRecordError, DeadLetterReason
from streams.copying.records import partition_of_key
from streams.log.topics import DEAD_LETTERS, LOG
from streams.replay.replay import Plan, replay
from streams.source.log_writer import kept, log_writer
from streams.worker.dead_letters import dead_letter
from streams.worker.letter_topic import read_letters
from streams.worker.redrive import discard
from test_replay import put
from test_worker import RENAMED
from worker_process import SUBFOLD
from worker_stage import stage


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    (tmp_path / "here").mkdir()
    async with stage(tmp_path / "here", bootstrap_servers, prefix, partitions=FEWER) as made:
        yield made


@pytest.fixture
async def there(tmp_path, bootstrap_servers, prefix):
    (tmp_path / "there").mkdir()
    async with stage(
        tmp_path / "there", bootstrap_servers, f"{prefix}new.", partitions=MORE
    ) as made:
        yield made


async def test_after_the_switch_the_copy_goes_on_where_the_first_stopped(here, there):
    await filled(here)
    states = {"main/-/live/catch_up": b'{"complete_until":7}'}
    async with log_writer(here.kafka) as writer:
        await writer.carry(states)
    worker = here.start()
    await worker.ready()
    log = here.folder / "copy.log"
    copying = in_background(here, [SUBFOLD, *command(there, "--activate")], log)
    await until_told(log, "stop its door, then its workers")
    await here.append(changes(800, 1_000))
    await here.until_done()
    letters = await read_letters(here.kafka)
    [first, *_] = letters.by_place.values()
    await discard(here.kafka, [first], by="a test", why="seen")
    assert await worker.stop() == 0
    assert await asyncio.to_thread(copying.wait, 60) == 0, text(log)
    assert await kept(there.kafka) == states

    assert "40 rows were put in place, 4 dead letters" in text(log)
    assert "would make other rows" not in text(log)
    await assert_is_copy(here, there)
    assert await rows(there) == await rows(here)
    assert await views(there) == await views(here)
    assert await there_adds_up(there) == 3
    again = there.start()
    await again.ready()
    await there.until_done()
    assert await told(there) == []

    event = change(1_041)
    await there.append([replace(event, partition=partition_of_key(event.key, MORE))])
    await there.until_done()
    was = await told(here)
    await here.append([event])
    other = here.start()
    await here.until_done()
    assert (await told(there)) == [each for each in await told(here) if each not in set(was)] != []
    assert await rows(there) == await rows(here)
    assert await other.stop() == await again.stop() == 0
    found = [await replay(Plan(deployment=there.deployment), each, silent) for each in range(MORE)]
    assert [(each.differences, each.lost, each.unknown) for each in found] == [((), 0, 0)] * MORE
    refused = await here.run(*command(there))
    assert refused.returncode == 1
    assert "in use" in refused.stderr


async def test_rows_go_over_as_they_are_and_what_the_fold_makes_otherwise_is_said(here, there):
    odd = change(5)
    await here.append(
        [*changes(0, 200), replace(change(205), partition=(odd.partition + 1) % FEWER)]
    )
    worker = here.start()
    await here.until_done()
    assert await worker.stop() == 0
    before = await rows(here)
    row = orjson.loads(before[change(0).key])
    row["row"]["announced"]["stage"] = None
    await put(here, 0, change(0).key, canonical(row))
    copied = await here.run(*command(there, "--activate"))
    after = await rows(there)

    assert copied.returncode == 0, copied.stderr
    assert "40 rows were put in place" in copied.stdout
    assert "would make other rows: 1 announced" in copied.stdout
    assert orjson.loads(after[change(0).key]) == row
    # A customer that another partitioner had put into two partitions is one now.
    both = decode_row(after.pop(odd.key)).facts.subscriptions
    assert {"sub_5_0", "sub_5_1"} <= both.keys()
    untouched = before.keys() - {odd.key, change(0).key}
    assert {key: after[key] for key in untouched} == {key: before[key] for key in untouched}


@pytest.mark.parametrize("opening", [1, 3])
async def test_killed_when_it_opens_the_copy_it_is_run_again(here, there, opening):
    await here.append(everywhere(settings_record(1, RENAMED)))
    await here.append(changes(0, 200))
    worker = here.start()
    await here.until_done()
    assert await worker.stop() == 0
    program = [*CRASHING, "finish", str(opening), *command(there, "--activate")]
    dying = in_background(here, program, here.folder / "dying.log")
    assert await asyncio.to_thread(dying.wait) == -signal.SIGKILL
    assert await there.start().ended() == 76
    again = await here.run(*command(there, "--activate"))
    other = there.start()
    await other.ready()
    await there.until_done()

    assert again.returncode == 0, again.stderr
    assert "40 rows were put in place" in again.stdout
    assert await rows(there) == await rows(here)
    assert await told(there) == []
    assert await there_adds_up(there) == 0


async def test_a_record_that_was_buried_because_it_kills_is_not_folded_by_the_copy(here, there):
    await here.append(changes(0, 40))
    worker = here.start()
    await here.until_done()
    assert await worker.stop() == 0
    [fatal, *_] = (await here.read(LOG))[2]
    letter = dead_letter(fatal, BadRecordError(DeadLetterReason.CRASH, "it killed"))
    async with AIOKafkaProducer(bootstrap_servers=here.kafka.bootstrap_servers) as producer:
        await producer.send_and_wait(
            here.names.topic(DEAD_LETTERS),
            letter.value,
            key=letter.key,
            partition=2,
            headers=letter.headers,
        )
    copied = await here.run(*command(there, "--activate", "--json"))

    assert copied.returncode == 0, copied.stderr
    assert orjson.loads(copied.stdout)["switched"]["dead_letters"] == 1
    [buried] = (await read_letters(there.kafka)).by_place.values()
    assert (buried.reason, buried.key.encode()) == ("crash", fatal.key)
    assert await there_adds_up(there) == 1


def silent(*_: object) -> None:
    pass
