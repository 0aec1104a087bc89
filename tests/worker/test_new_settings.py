"""Given a real broker: new settings are told to rows that are there, each once, as rehearsed."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

from streams.log.settings_log import apply_settings
from streams.log.topics import STAGES, TEST
from streams.worker.changelog import read_rows
from test_worker import RENAMED, change
from worker_process import until
from worker_stage import stage

EVENTS = 400


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


async def applied(here, announce: str) -> None:
    await apply_settings(here.kafka, RENAMED, applied_by="a test", reason="", announce=announce)


async def told(here) -> list[dict]:
    """Values of all updates of stages, with their ids."""
    found = []
    for topic in (STAGES, TEST + STAGES):
        for part in await here.read(topic):
            for record in part:
                id_ = dict(record.headers)["ce_id"].decode()
                found.append({"id": id_, **orjson.loads(record.value)})
    return found


async def until_walked(here) -> None:
    async def is_walked() -> bool:
        partitions = await read_rows(here.deployment, lambda _, __: None)
        rows = [orjson.loads(row)["row"] for each in partitions for row in each.stored.values()]
        return {row["announced"]["settings_version"] for row in rows} == {1}

    await until(is_walked)


async def test_what_was_rehearsed_is_what_is_told(here):
    await here.append(map(change, range(EVENTS)))
    worker = here.start()
    await here.until_done()
    (here.folder / "new.toml").write_text(
        '[stages]\nprecedence = ["Paying"]\n'
        '[[stages.rules]]\nname = "Paying"\nwhen = { status = ["active"] }\n'
    )
    rehearsed = await here.run("rehearse", "--settings", "new.toml", "--json")
    assert rehearsed.returncode == 0, rehearsed.stderr
    updates = [orjson.loads(line) for line in rehearsed.stdout.splitlines()]
    before = await told(here)
    await applied(here, "now")
    await until_walked(here)
    after = [each for each in await told(here) if each not in before]

    expected = {each["id"]: each["data"] for each in updates if "stage" in each["type"]}
    assert expected
    assert {each["id"]: each["stage"] for each in after} == {
        id_: data["stage"] for id_, data in expected.items()
    }
    assert {each["origin"] for each in after} == {"settings"}
    replayed = await here.run("replay")
    assert "zero differences" in replayed.stdout, replayed.stdout + replayed.stderr
    assert "stage" in rehearsed.stderr
    await worker.until_told('subfold_rows_of_older_settings{partition="0"} 0.0')


async def test_in_silence_rows_are_brought_up_and_nothing_is_told(here):
    await here.append(map(change, range(EVENTS)))
    here.start()
    await here.until_done()
    before = await told(here)
    await applied(here, "silent")
    await until_walked(here)

    assert await told(here) == before
    replayed = await here.run("replay")
    assert "zero differences" in replayed.stdout, replayed.stdout + replayed.stderr
    await here.append(map(change, range(EVENTS, EVENTS + 40)))
    await here.until_done()
    news = [each for each in await told(here) if each not in before]
    assert {each["previous"] for each in news} <= {"Paying", None}


async def test_a_kill_in_the_middle_of_the_walk_tells_each_row_once(here):
    await here.append(map(change, range(EVENTS)))
    worker = here.start(dying_at="walked")
    await here.until_done()
    before = await told(here)
    await applied(here, "now")
    await worker.ended()
    first = here.start()
    await first.ready()
    await here.append(map(change, range(EVENTS, EVENTS + 40)))
    second = here.start()
    await second.ready()
    await first.stop()
    await until_walked(here)
    await here.until_done()

    news = [each for each in await told(here) if each not in before]
    counts = Counter(
        (each["customer"], each["livemode"]) for each in news if each["origin"] == "settings"
    )
    assert counts
    assert set(counts.values()) == {1}
