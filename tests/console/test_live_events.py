"""Pages are told that the read model has changed, and once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest
from sqlalchemy import Connection, Engine, select

from console.access.sessions import begin_session, end_session
from console.access.tables import sessions
from console.access.users import remove_user, set_user
from console.access.visitor import Role
from console.context import Console
from console.read_model.tables import about
from console.web import live
from console.web.app import make_app
from filled import UNTIL
from tests.served import served
from web import PASSWORD, client, make_console

TOO_LONG_S = 10
"""A connection that has not ended by then does not end."""
END = b"\r\n\r\n"
"""Of an event."""


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
    console = make_console(bare)
    changes = live._changes(console, known, stopping, lambda: True)
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


def with_users(bare: Engine) -> tuple[Console, str]:
    """A console that has two admins; gives the cookie of one, bo, who is logged in."""
    console = make_console(bare)
    with console.access.begin() as connection:
        for name in ("ana", "bo"):
            set_user(connection, name=name, password=PASSWORD, role=Role.ADMIN, at=UNTIL)
        return console, begin_session(connection, user="bo", at=UNTIL)


@asynccontextmanager
async def listening(console: Console, cookie: str) -> AsyncIterator[aiohttp.StreamReader]:
    """What is told to who has this cookie."""
    cookies = {"subfold": cookie}
    with served(make_app(console)) as url:
        async with (
            asyncio.timeout(TOO_LONG_S),
            aiohttp.ClientSession(cookies=cookies) as session,
            session.get(f"{url}/live?since=0") as answer,
        ):
            assert answer.status == 200
            yield answer.content


async def all_told(console: Console, cookie: str, deed: Callable[[Connection], object]) -> bytes:
    """All that is told, when something is done after the first event."""
    async with listening(console, cookie) as told:
        first = await told.readuntil(END)
        with console.access.begin() as connection:
            deed(connection)
        return first + await told.read()


DEEDS = {
    "logged out": lambda cookie: partial(end_session, cookie=cookie),
    "removed": lambda _: partial(remove_user, name="bo"),
    "made a viewer": lambda _: partial(
        set_user, name="bo", password=PASSWORD, role=Role.VIEWER, at=UNTIL
    ),
    "too long idle": lambda _: (
        lambda connection: connection.execute(sessions.update().values(seen_at=0))
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_who_may_know_no_more_is_told_no_more(bare: Engine, deed: str):
    console, cookie = with_users(bare)
    set_revision(bare, 7)

    told = await all_told(console, cookie, DEEDS[deed](cookie))

    assert told.count(b"event: changed") == 1


async def test_whoever_was_here_before_there_was_a_user_has_to_log_in(bare: Engine):
    console = make_console(bare)
    set_revision(bare, 7)
    first = partial(set_user, name="ana", password=PASSWORD, role=Role.ADMIN, at=UNTIL)

    told = await all_told(console, "", first)

    assert told.count(b"event: changed") == 1


async def test_that_a_page_stays_connected_keeps_no_session(bare: Engine):
    console, cookie = with_users(bare)
    an_hour_ago = UNTIL - 3600

    async with listening(console, cookie) as told:
        with console.access.begin() as connection:
            connection.execute(sessions.update().values(seen_at=an_hour_ago))
        for revision in (7, 8):
            set_revision(bare, revision)
            await told.readuntil(END)

    with console.access.connect() as connection:
        assert connection.scalar(select(sessions.c.seen_at)) == an_hour_ago
