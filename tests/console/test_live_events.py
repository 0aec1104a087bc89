"""Pages are told that the read model has changed, and once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Engine

from console.read_model.tables import about
from console.web import live
from web import client, make_console


def set_revision(engine: Engine, revision: int) -> None:
    with engine.begin() as connection:
        connection.execute(about.delete().where(about.c.name == "revision"))
        connection.execute(about.insert().values(name="revision", value=str(revision)))


@pytest.fixture(autouse=True)
def _polls_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL_S", 0.01)


@asynccontextmanager
async def told(bare: Engine, known: str) -> AsyncIterator[tuple[AsyncIterator, asyncio.Event]]:
    stopping = asyncio.Event()
    changes = live._changes(make_console(bare), known, stopping)
    yield changes, stopping
    await changes.aclose()


async def test_a_page_that_is_older_is_told_at_once(bare: Engine):
    set_revision(bare, 7)

    async with told(bare, "5") as (changes, _):
        event = await anext(changes)

    assert (event.event, event.id, event.data) == ("changed", "7", "7")


async def test_a_page_is_told_of_each_change_and_of_nothing_else(bare: Engine):
    set_revision(bare, 7)

    async with told(bare, "7") as (changes, stopping):
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        set_revision(bare, 8)
        assert (await waiting).id == "8"
        set_revision(bare, 9)
        assert (await anext(changes)).id == "9"
        stopping.set()
        with pytest.raises(StopAsyncIteration):
            await anext(changes)


async def test_a_read_model_that_is_made_anew_is_a_change(bare: Engine):
    set_revision(bare, 1)

    async with told(bare, "900") as (changes, _):
        assert (await anext(changes)).id == "1"


def test_a_page_says_from_which_revision_on_it_wants_to_be_told(bare: Engine):
    set_revision(bare, 41)

    page = client(bare).get("/admin")

    assert 'hx-sse:connect="/live?since=41"' in page.text
