"""Two installations, one copied from the other: what is in the first, and what both are asked."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import orjson

from build import START, deleted, item, price, subscription, updated
from fetched import Fetched, fetched, headers, settings_record
from schemas.records import Kind
from schemas.settings import BusinessSettings, Conditions, SettingsRecord, StageRule, Stages
from streams.copying.merge import identity_of
from streams.log.records import OF_A_COPY, logged_ms
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, LOG, TEST
from streams.worker.conservation import balance
from streams.worker.letter_topic import read_letters
from streams.worker.letters import OPEN
from test_replay import changelog
from test_worker import POISON, RENAMED, STATUSES
from worker_process import until
from worker_stage import EVENTS, Stage

FEWER, MORE = 4, 7
CRASHING = (sys.executable, Path(__file__).with_name("crashing_log_copy.py"))
OTHERS = BusinessSettings(
    stages=Stages(
        precedence=("Client",),
        rules=(StageRule(name="Client", when=Conditions(status=("active",))),),
    )
)
UPDATED = [topic for topic in EVENTS if topic != DEAD_LETTERS]


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


async def there_adds_up(there: Stage) -> int:
    """Nothing is lost in the books; give how many letters are open."""
    books = await balance(there.deployment)
    assert books.mismatches() == []
    return sum(each.state == OPEN for each in (await read_letters(there.kafka)).by_place.values())
