"""Given a real broker: the log is copied to more partitions, and the copy goes on as one."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from build import START, deleted, item, price, subscription, updated
from fetched import Fetched, fetched, headers, settings_record
from schemas.codec import canonical, decode_row
from schemas.records import Kind
from schemas.settings import BusinessSettings, Conditions, SettingsRecord, StageRule, Stages
from streams.copying.merge import identity_of
from streams.copying.records import partition_of_key
from streams.log.records import OF_A_COPY, logged_ms
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, LOG, TEST
from streams.replay.replay import Plan, replay
from streams.worker.conservation import balance
from streams.worker.letter_topic import read_letters
from streams.worker.letters import OPEN
from streams.worker.redrive import discard
from test_replay import changelog, put
from test_worker import POISON, RENAMED, STATUSES
from worker_process import SUBFOLD, until
from worker_stage import EVENTS, Stage, stage

FEWER, MORE = 4, 7
CRASHING = (sys.executable, Path(__file__).with_name("crashing_log_copy.py"))
OTHERS = BusinessSettings(
    stages=Stages(
        precedence=("Client",),
        rules=(StageRule(name="Client", when=Conditions(status=("active",))),),
    )
)
UPDATED = [topic for topic in EVENTS if topic != DEAD_LETTERS]


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


def change(number: int) -> Fetched:
    """One change of one of forty customers, live and test, with a new subscription now and then."""
    id_, mode = f"cus_{number % 40}", "test" if number % 4 == 3 else "live"
    sub = subscription(
        f"sub_{number % 40}_{number // 200}",
        STATUSES[number // 40 % len(STATUSES)],
        customer=id_,
        items=[item(price=price(1000 + number), current_period_end=START + 86_400 * number)],
    )
    make = deleted if sub["status"] == "canceled" else updated
    body = make(sub, at=START + number, livemode=mode == "live")
    return fetched(body, key=f"main/-/{mode}/{id_}".encode(), partition=number % FEWER)


def changes(start: int, end: int) -> list[Fetched]:
    return [change(number) for number in range(start, end)]


def everywhere(record: Fetched) -> list[Fetched]:
    return [replace(record, partition=each) for each in range(FEWER)]


def told_now(version: int, content: BusinessSettings) -> Fetched:
    value = SettingsRecord(
        version=version,
        hash=content.content_hash(),
        applied_by="a test",
        announce="now",
        content=content,
    )
    return replace(settings_record(version, content), value=value.model_dump_json().encode())


def clock(frozen_time: int) -> Fetched:
    body = {
        "id": f"evt_clock_{frozen_time}",
        "object": "event",
        "type": "test_helpers.test_clock.ready",
        "created": frozen_time,
        "livemode": False,
        "data": {"object": {"id": "clock_1", "frozen_time": frozen_time}},
    }
    words = [
        (name, body["type"].encode() if name == "event_type" else word)
        for name, word in headers(Kind.BROADCAST, str(body["id"]))
    ]
    return Fetched(
        key=b"main/-/test/-/clock_1",
        value=orjson.dumps(body),
        headers=tuple(words),
    )


def command(there: Stage, *words: str) -> list[str | Path]:
    """The verb, with a file that names the other installation."""
    file = there.folder / "new.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{there.kafka.bootstrap_servers}"\n'
        f'prefix = "{there.kafka.prefix}"\npartitions = {there.kafka.partitions}\n'
    )
    return ["log", "copy", "--to", file, *words]


def in_background(here: Stage, program: list[str | Path], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            program, cwd=here.folder, env=here.environ, stdout=output, stderr=output
        )


async def rows(of: Stage) -> dict[bytes, bytes]:
    found = {}
    for part in await of.read(changelog(of)):
        found |= {each.key: each.value for each in part if not each.key.startswith(b"!")}
    return found


async def views(of: Stage) -> dict[bytes, bytes]:
    parts = [*await of.read(CUSTOMERS), *await of.read(TEST + CUSTOMERS)]
    return {each.key: each.value for part in parts for each in part}


async def told(of: Stage) -> list[bytes]:
    return [
        dict(each.headers)["ce_id"]
        for topic in UPDATED
        for part in await of.read(topic)
        for each in part
    ]


def histories(log: list[list[Fetched]]) -> dict[bytes | None, list[tuple]]:
    """Of each subject its records in order, each after which records that stand everywhere."""
    found = defaultdict(list)
    for part in log:
        seen = []
        for each in part:
            identity = identity_of(each)
            if identity:
                seen += [identity] if identity not in seen else []
                continue
            kept = tuple(word for word in each.headers if word[0] not in OF_A_COPY)
            at_ms = logged_ms(each.headers, each.timestamp)
            found[each.key].append((each.value, kept, at_ms, tuple(seen)))
    return found


async def assert_is_copy(here: Stage, there: Stage) -> None:
    """Each record once, in its customer's order, on its side of what stands everywhere."""
    source, copied = await here.read(LOG), await there.read(LOG)
    keyed, of_copies = histories(source), histories(copied)
    assert of_copies == keyed
    known = {identity_of(each) for part in source for each in part} - {None}
    for part in copied:
        found = [identity for each in part if (identity := identity_of(each))]
        assert sorted(found) == sorted(known)


async def filled(here: Stage) -> None:
    """Settings, test clocks, repetitions and poison between the events of forty customers."""
    await here.append(everywhere(settings_record(1, RENAMED)))
    await here.append(
        Fetched(key=b"main/-/-/-/bad%d" % number, value=value, partition=number, headers=headers())
        for number, value in enumerate(POISON)
    )
    await here.append(changes(0, 300))
    await here.append(everywhere(clock(1_900_000_000)))
    await here.append(changes(300, 600))
    await here.append(everywhere(told_now(2, OTHERS)))
    await here.append([replace(told_now(2, OTHERS), partition=1)])
    await here.append([*changes(600, 700), *everywhere(clock(1_900_086_400)), *changes(700, 800)])


async def until_told(log: Path, words: str) -> None:
    async def is_told() -> bool:
        return words in text(log)

    await until(is_told)


def text(log: Path) -> str:
    return log.read_text()


async def test_killed_in_the_middle_and_while_the_log_grows_each_record_is_copied_once(here, there):
    await filled(here)
    dying = in_background(here, [*CRASHING, "350", *command(there)], here.folder / "dying.log")
    assert await asyncio.to_thread(dying.wait) == -signal.SIGKILL
    some = sum(map(len, await there.read(LOG)))
    await here.append(changes(800, 1_000))
    done = await here.run(*command(there, "--json"))
    nothing = await here.run(*command(there, "--json"))

    assert 0 < some < 1_000
    assert (done.returncode, nothing.returncode) == (0, 0), done.stderr + nothing.stderr
    copied = orjson.loads(done.stdout)
    assert (copied["found"], copied["dropped"], copied["left"]) == (some, 4 * (FEWER - 1) + 1, 0)
    assert orjson.loads(nothing.stdout)["written"] == 0
    await assert_is_copy(here, there)
    # Its workers stay out, and a replay does not let them in.
    assert await there.start().ended() == 76
    assert "log copy --activate" in (await there.run("replay", "--activate")).stderr


async def test_after_the_switch_the_copy_goes_on_where_the_first_stopped(here, there):
    await filled(here)
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


async def there_adds_up(there: Stage) -> int:
    """Nothing is lost in the books; give how many letters are open."""
    books = await balance(there.deployment)
    assert books.mismatches() == []
    return sum(each.state == OPEN for each in (await read_letters(there.kafka)).by_place.values())


async def test_what_cannot_be_copied_is_refused_in_words(here, there, tmp_path):
    same = tmp_path / "same.toml"
    same.write_text(
        f'[kafka]\nbootstrap_servers = "{here.kafka.bootstrap_servers}"\n'
        f'prefix = "{here.kafka.prefix}"\n'
    )
    itself = await here.run("log", "copy", "--to", same)
    same.write_text(same.read_text().replace(here.kafka.prefix, "nobody."))
    missing = await here.run("log", "copy", "--to", same)
    await there.append([replace(change(1), partition=0)])
    strange = await here.run(*command(there))

    assert (itself.returncode, missing.returncode, strange.returncode) == (2, 1, 1)
    assert "another [kafka] prefix" in itself.stderr
    assert "subfold topics create" in missing.stderr
    assert "holds a record that is no copy" in strange.stderr


def silent(*_: object) -> None:
    pass
