"""Given a real broker: rows are rebuilt from the log, compared, put in place; nothing is sent."""

from __future__ import annotations

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from fetched import Fetched, settings_record
from schemas.codec import canonical, decode_row
from schemas.settings import SettingsInForce
from streams.log.topics import STAGES, UPDATES
from streams.replay import replay as module
from streams.replay.replay import Plan, Replayed, replay
from streams.worker.marker import MARKER_KEY
from test_worker import RENAMED, change
from worker_stage import PARTITIONS, stage

EVENTS = 400


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


async def replayed(here, **more) -> list[Replayed]:
    plan = Plan(deployment=here.deployment, **more)
    return [await replay(plan, each, lambda _, __: None) for each in range(PARTITIONS)]


async def folded(here, start: int = 0) -> None:
    """A worker folds some events, and is stopped."""
    await here.append(map(change, range(start, start + EVENTS)))
    worker = here.start()
    await here.until_done()
    assert await worker.stop() == 0


async def written(here) -> dict[str, int]:
    return {topic: sum(map(len, await here.read(topic))) for topic in UPDATES}


async def no_offset(*_: object) -> None:
    """What Kafka says of a group that it has forgotten."""


def changelog(here) -> str:
    return here.names.changelog.removeprefix(here.kafka.prefix)


async def put(here, partition: int, key: bytes, value: bytes | None) -> None:
    """Write into the changelog, past the worker: what a bug would do."""
    last = {each.key: each for each in (await here.read(changelog(here)))[partition]}
    headers = list(last[key].headers) if key in last else []
    async with AIOKafkaProducer(bootstrap_servers=here.kafka.bootstrap_servers) as producer:
        await producer.send_and_wait(
            here.names.changelog, value, key=key, partition=partition, headers=headers
        )


def spoilt(data: bytes) -> bytes:
    row = orjson.loads(data)
    row["row"]["facts"]["subscriptions"] = {}
    return canonical(row)


async def test_a_replay_finds_that_all_is_as_the_log_makes_it_and_writes_nothing(here):
    settings = [settings_record(1, RENAMED) for _ in range(PARTITIONS)]
    await here.append(
        [Fetched(**{**vars(each), "partition": number}) for number, each in enumerate(settings)]
    )
    await folded(here)
    before = await written(here)
    found = await replayed(here)

    assert [each.differences for each in found] == [()] * PARTITIONS
    assert [(each.lost, each.unknown) for each in found] == [(0, 0)] * PARTITIONS
    assert sum(each.records for each in found) == EVENTS + PARTITIONS
    assert await written(here) == before
    await here.judge()


async def test_a_row_that_is_not_what_the_log_makes_is_found_and_mended(here):
    await folded(here)
    key = change(0).key
    rows = {each.key: each.value for each in (await here.read(changelog(here)))[0]}
    await put(here, 0, key, spoilt(rows[key]))
    [difference] = [it for each in await replayed(here) for it in each.differences]

    assert (difference.subject, difference.part) == (key.decode(), "facts")
    assert difference.field.startswith("facts.subscriptions.")
    before = await written(here)
    mended = await replayed(here, announce="correction")
    assert sum(each.written for each in mended) == 1
    # What was announced was right: there is nothing to tell.
    assert await written(here) == before
    assert [each.differences for each in await replayed(here)] == [()] * PARTITIONS
    worker = here.start()
    await worker.ready()
    await here.append(map(change, range(EVENTS, EVENTS + 40)))
    await here.until_done()
    await here.judge()


async def test_what_was_announced_wrongly_is_corrected_or_adopted_in_silence(here):
    await folded(here)
    key = change(1).key
    rows = {each.key: each.value for each in (await here.read(changelog(here)))[1]}
    row = orjson.loads(rows[key])
    row["row"]["facts"]["subscriptions"] = {}
    row["row"]["announced"]["stage"] = None
    await put(here, 1, key, canonical(row))
    before = await written(here)
    [_, mended] = await replayed(here, announce="correction")
    after = await written(here)

    assert (mended.written, mended.corrections) == (1, 1)
    assert after[STAGES] == before[STAGES] + 1
    last = (await here.read(STAGES))[1][-1]
    assert orjson.loads(last.value)["origin"] == "correction"
    await put(here, 1, key, canonical(row))
    [_, adopted] = await replayed(here, announce="silent")
    assert (adopted.written, adopted.corrections) == (1, 0)
    assert await written(here) == after


async def test_what_the_worker_tells_meanwhile_is_no_difference(here, monkeypatch):
    await folded(here)
    original = module.read_ids

    async def late(*args, **more):
        if not late.is_done:
            late.is_done = True
            await folded(here, EVENTS)
        return await original(*args, **more)

    late.is_done = False
    monkeypatch.setattr(module, "read_ids", late)
    found = await replayed(here)

    assert [(each.differences, each.lost, each.unknown) for each in found] == [((), 0, 0)] * 2


async def test_while_it_is_replaced_events_keep_coming(here):
    await here.append(map(change, range(EVENTS)))
    worker = here.start()
    await here.until_done()
    key = change(0).key
    rows = {each.key: each.value for each in (await here.read(changelog(here)))[0]}
    await put(here, 0, key, spoilt(rows[key]))
    await here.append(map(change, range(EVENTS, 2 * EVENTS)))
    await replayed(here, announce="silent")
    other = here.start()
    await worker.stop()
    await other.ready()
    await here.append(map(change, range(2 * EVENTS, 2 * EVENTS + 40)))
    await here.until_done()

    assert [each.differences for each in await replayed(here)] == [()] * PARTITIONS
    await here.judge()


@pytest.mark.parametrize("is_group_lost", [False, True])
async def test_a_changelog_that_is_lost_is_written_anew_and_nothing_is_told_twice(
    here, is_group_lost, monkeypatch
):
    await folded(here)
    if is_group_lost:
        monkeypatch.setattr(module, "group_offset", no_offset)
    for number, part in enumerate(await here.read(changelog(here))):
        for key in {each.key for each in part}:
            await put(here, number, key, None)
    before = await written(here)
    await here.append(map(change, range(EVENTS, EVENTS + 40)))
    found = await replayed(here, announce="correction")

    assert all(each.is_table_lost for each in found)
    assert sum(each.written for each in found) == 40
    assert await written(here) == before
    worker = here.start()
    await worker.ready()
    await here.until_done()
    await here.judge()


async def test_a_worker_stays_out_while_rows_are_written_anew(here):
    await folded(here)
    part = {each.key: each.value for each in (await here.read(changelog(here)))[0]}
    marker = orjson.loads(part[MARKER_KEY])
    marker["marker"]["is_rebuilding"] = True
    await put(here, 0, MARKER_KEY, canonical(marker))
    worker = here.start()

    assert await worker.ended() == 76
    assert "replay --activate" in worker.text
    [first, _] = await replayed(here, announce="silent")
    assert first.is_table_lost
    assert (await replayed(here))[0].differences == ()


async def test_other_rules_and_other_times_make_tables_to_look_at(here):
    await folded(here)
    what_if = SettingsInForce(version=1, content=RENAMED)
    renamed = await replayed(here, what_if=what_if)
    before = (await here.read(changelog(here)))[0]
    past = await replayed(here, until_ms=before[0].timestamp - 600_000)
    stages = {
        row.announced.stage.name
        for each in renamed
        for row in map(decode_row, each.to_look_at[0].values())
        if row.announced.stage
    }

    assert stages == {"Paying"}
    assert [each.rows for each in past] == [0, 0]
    assert (await here.read(changelog(here)))[0] == before


async def test_the_verb_says_what_it_found_and_mends_it(here, tmp_path):
    await folded(here)
    key = change(0).key
    rows = {each.key: each.value for each in (await here.read(changelog(here)))[0]}
    clean = await here.run("replay")
    await put(here, 0, key, spoilt(rows[key]))
    spoilt_one = await here.run("replay", "--json")
    mended = await here.run("replay", "--activate")
    again = await here.run("replay", "--jobs", "1")

    assert (clean.returncode, spoilt_one.returncode) == (0, 1), clean.stderr + spoilt_one.stderr
    assert "zero differences" in clean.stdout
    found = orjson.loads(spoilt_one.stdout)
    assert [len(each["differences"]) for each in found] == [1, 0]
    assert (mended.returncode, again.returncode) == (0, 0), mended.stderr + again.stderr
    assert "1 rows were put in place, 0 corrections sent" in mended.stdout
    assert "zero differences" in again.stdout
    (tmp_path / "rules.toml").write_text('[contact]\nkind = "user"\n')
    looked = await here.run("replay", "--settings", "rules.toml", "--out", "rows.jsonl")
    assert "nothing can be activated" in looked.stdout
    lines = (tmp_path / "rows.jsonl").read_bytes().splitlines()
    assert len(lines) == sum(each["rows"] for each in found)
    refused = await here.run("replay", "--settings", "rules.toml", "--activate")
    assert refused.returncode == 2
    assert "without --until and --settings" in refused.stderr
