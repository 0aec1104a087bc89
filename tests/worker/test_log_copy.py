"""Given a real broker: the log is copied to more partitions, each record once and in order."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

import orjson
import pytest

from copy_stage import (
    CRASHING,
    FEWER,
    MORE,
    assert_is_copy,
    change,
    changes,
    command,
    filled,
    in_background,
)
from streams.log.topics import LOG
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
