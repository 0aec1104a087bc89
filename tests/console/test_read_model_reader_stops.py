"""Wherever a reader stops, and whoever reads beside it, the tables are those of one reading."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Engine, event

from console.read_model import reader as reading
from console.read_model.positions import write_batch
from console.read_model.reader import Reader
from read_model_judge import content
from reader_scene import now, read_in_one_go
from worker_stage import Stage


async def test_a_reader_that_is_killed_anywhere_goes_on_where_it_was(
    scene: Stage, engines, monkeypatch: pytest.MonkeyPatch
):
    expected = await read_in_one_go(scene, engines())
    engine, died = engines(), 0
    monkeypatch.setattr(reading, "BATCH", 400)

    for statement in (3, 5, 8, 13, 21, 34, 55, 89, 144):
        with dying_at(engine, statement):
            try:
                await Reader(scene.deployment, engine, now).catch_up()
            except KilledError:
                died += 1
    await Reader(scene.deployment, engine, now).catch_up()

    assert died > 3
    assert content(engine) == expected


async def test_a_reader_that_is_stopped_anywhere_goes_on_where_it_was(
    scene: Stage, engines, monkeypatch: pytest.MonkeyPatch
):
    expected = await read_in_one_go(scene, engines())
    engine = engines()
    monkeypatch.setattr(reading, "BATCH", 300)

    written = asyncio.Event()
    loop = asyncio.get_running_loop()

    def write(*args: Any, **more: Any) -> bool:
        loop.call_soon_threadsafe(written.set)
        return write_batch(*args, **more)

    monkeypatch.setattr(reading, "write_batch", write)
    for _ in range(4):
        written.clear()
        task = asyncio.create_task(Reader(scene.deployment, engine, now).run())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await Reader(scene.deployment, engine, now).catch_up()

    assert content(engine) == expected


async def test_two_readers_of_one_database_do_no_harm(
    scene: Stage, engines, monkeypatch: pytest.MonkeyPatch
):
    expected = await read_in_one_go(scene, engines())
    engine = engines()
    monkeypatch.setattr(reading, "BATCH", 400)

    await asyncio.gather(*(Reader(scene.deployment, engine, now).catch_up() for _ in range(2)))

    assert content(engine) == expected


class KilledError(Exception):
    """Stands for the death of the process between two statements."""


class dying_at:  # noqa: N801 - reads as a context
    """Let the so-manieth statement of an engine fail as nothing else does."""

    def __init__(self, engine: Engine, statement: int) -> None:
        self._engine, self._left = engine, statement

    def __enter__(self) -> None:
        event.listen(self._engine, "before_cursor_execute", self._count)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            raise KilledError
