"""What is done with a source that has a key: hear an event come back, back-fill, disconnect.

The long ones are jobs. A back-fill that breaks off, with the console or by itself, goes on where it
was when it is begun again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from console.access.audit import note, written_down
from console.access.visitor import Visitor
from console.actions.begin import begin
from console.actions.connect import Request, has_master_key, keyed
from console.context import Console
from console.jobs import Job
from schemas.wire.events import API_VERSION
from streams.secret_store import open_secret_store
from streams.settings import Source
from streams.source.backfill import HISTORY_S, TASK, Backfill, BackfillState
from streams.source.connect import connection_in, key_of, taken_away
from streams.source.fetched import Scope
from streams.source.log_writer import kept, log_writer, read_state
from streams.source.opened import Asked, opened, unasked
from streams.source.way_back import Heard, heard

WAIT_S = 60
DOOR_READS_S = 3
"""By then the door has read the store anew: streams/ingest/pasted.py."""


def hear(console: Console, visitor: Visitor, source_id: str) -> Job:
    """Wait for an event to come back; in test mode one is made.

    Raises:
        SettingsError: There is no such source, or it has no key.
    """
    source = keyed(console, Request(source=source_id))

    async def listen() -> Heard:
        await asyncio.sleep(DOOR_READS_S)
        async with unasked(Asked(source_id, source, None)) as api:
            scope = Scope(source_id, None, api.livemode)
            kafka = console.config.deployment.kafka
            return await heard(api, kafka, scope, version=API_VERSION, wait_s=WAIT_S)

    return begin(console, visitor, hearing_of(source_id), lambda _job: asyncio.run(listen()))


def fill(console: Console, visitor: Visitor, source_id: str) -> Job:
    """Begin the back-fill of a source and its connected accounts, or go on with it.

    Its result are the names of the lists that the key may not read.

    Raises:
        SettingsError: There is no such source, or it has no key.
    """
    source = keyed(console, Request(source=source_id))
    accounts = [None, *(each for each in source.accounts if each != "*")]

    async def fill_all(job: Job) -> list[str]:
        left_out: list[str] = []
        _note(console, visitor, "source.backfill_started", {"source": source_id})
        kafka = console.config.deployment.kafka
        states = await kept(kafka)
        async with log_writer(kafka) as writer:
            for number, account in enumerate(accounts):
                async with opened(Asked(source_id, source, account)) as there:
                    state = read_state(BackfillState, states.get(f"{there.scope}/{TASK}"))
                    work = Backfill(there.api, writer, there.scope, state)
                    since = connection_in(states, there.scope).since
                    await work.begin(history_s=HISTORY_S, connected_at=since)
                    async for reached in work.run():
                        percent = round(100 * reached.progress)
                        job.progress(100 * number + percent, 100 * len(accounts))
                    left_out += [
                        f"{account}: {each}" if account else each for each in work.state.refused
                    ]
        return left_out

    return begin(console, visitor, filling_of(source_id), lambda job: asyncio.run(fill_all(job)))


async def disconnect(
    console: Console, visitor: Visitor, source_id: str, *, deletes: bool
) -> dict[str, str]:
    """Disable or delete the endpoints, and forget what was pasted. The log is kept.

    Raises:
        SettingsError: There is no such source, or it has no key.
        StripeError: Stripe cannot be asked.
        BrokerError: Kafka cannot be used.
    """
    source = keyed(console, Request(source=source_id))
    states = await kept(console.config.deployment.kafka)
    with written_down(
        console.access,
        at=console.clock(),
        actor=visitor.name,
        what="source.disconnected",
        details={"source": source_id},
    ) as deed:
        found = await _taken_away(console, source_id, source, states, deletes=deletes)
        if has_master_key(console):
            with open_secret_store(console.config.deployment.console) as store:
                for each in store.stored():
                    if each.source == source_id:
                        store.remove(source_id, each.name)
        deed["endpoints"] = found
    return found


async def _taken_away(
    console: Console,
    source_id: str,
    source: Source,
    states: Mapping[str, bytes],
    *,
    deletes: bool,
) -> dict[str, str]:
    """Take the endpoints away at Stripe; gives what became of each."""
    kafka = console.config.deployment.kafka
    found: dict[str, str] = {}
    async with unasked(Asked(source_id, source, None)) as api:
        scope = Scope(source_id, None, api.livemode)
        state = connection_in(states, scope)
        for endpoint in state.endpoints:
            was_there = await taken_away(api, endpoint, deletes=deletes)
            found[endpoint] = ("deleted" if deletes else "disabled") if was_there else "gone before"
        left = {"disconnected_at": await api.now(), "endpoints": [] if deletes else state.endpoints}
        async with log_writer(kafka) as writer:
            await writer.keep(key_of(scope), state.model_copy(update=left))
    return found


def hearing_of(source_id: str) -> str:
    """The kind of job that hears an event come back."""
    return f"hear-{source_id}"


def filling_of(source_id: str) -> str:
    """The kind of job that back-fills."""
    return f"fill-{source_id}"


def _note(console: Console, visitor: Visitor, what: str, details: dict[str, object]) -> None:
    with console.access.begin() as connection:
        note(connection, at=console.clock(), actor=visitor.name, what=what, details=details)
