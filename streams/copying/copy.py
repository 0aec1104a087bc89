"""The one migration of the log: to more or fewer partitions, or to another cluster.

The source goes on meanwhile. It is followed until its workers are stopped and have folded all of
it; only then the target is opened, so that each update is told by exactly one of the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from schemas.errors import BrokerError
from streams.copying.records import LogCopy, Progress, new_log_producer
from streams.copying.refold import Refold
from streams.copying.switch import Switched, has_workers, switch, unfolded
from streams.copying.target import check, close, open_the_rest, read_begun, read_tables, still_open
from streams.replay.readers import log_ends
from streams.settings import Deployment
from streams.worker.letter_topic import read_letters
from streams.worker.transaction import FencedError, UnknownCommitError

POLL_S = 1.0
Waits = Callable[[str], None]
"""Told what a switch waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What came of it.

    Attributes:
        found: Records that a former run had copied; none are counted where it had all but opened.
        written: Records appended by this run.
        dropped: Repetitions of records that stand in every partition: each came once.
        left: Records of the source that are not in the target: they came since, or wait for one
            that is not in all partitions yet.
        switched: What was put in place, if it was.
    """

    found: int
    written: int
    dropped: int
    left: int
    switched: Switched | None


async def copy_log(
    source: Deployment,
    target: Deployment,
    *,
    activates: bool,
    progress: Progress,
    waits: Waits,
) -> Copied:
    """Copy what is in the log; with `activates` follow it to its end and open the target.

    Raises:
        SettingsError: Both are the same installation.
        BrokerError: Kafka fails, or the target is not ready, in use, or no copy of this log.
    """
    async with _said_in_words():
        await check(source, target)
        if activates and (rows := await open_the_rest(target)) is not None:
            left = await unfolded(source, await read_tables(source))
            switched = Switched(rows=rows, dead_letters=0, differences=())
            return Copied(found=0, written=0, dropped=0, left=left, switched=switched)
        to_close = await still_open(target)
        begun = await read_begun(target)
        await close(target, to_close)
        async with new_log_producer(target) as producer:
            copy = LogCopy.of(source, target, producer, begun)
            await copy.go_on(progress)
            done = await _follow(copy, progress, waits) if activates else None
            ends = await log_ends(source)
    return Copied(
        found=begun.records,
        written=copy.written,
        dropped=copy.merge.dropped,
        left=sum(ends.values()) - copy.done,
        switched=done,
    )


async def _follow(copy: LogCopy, progress: Progress, waits: Waits) -> Switched:
    """Copy and fold until the source has stopped; then open the target."""
    source, target = copy.source, copy.target
    refolds = [Refold(target, number) for number in range(target.kafka.partitions)]
    while True:
        await copy.go_on(progress)
        await _refold(copy, refolds, progress)
        if await has_workers(source):
            waits("the source's workers are running: stop its door, then its workers")
        else:
            tables = await read_tables(source)
            if left := await unfolded(source, tables):
                waits(f"the source's workers have {left} records to fold: start one again")
            else:
                # All of it is folded and nobody writes: what is missing somewhere never comes.
                await copy.go_on(progress, is_last=True)
                await _refold(copy, refolds, progress)
                if switched := await switch(source, target, refolds, tables, progress):
                    return switched
                waits("the source went on meanwhile: stop its door and its workers")
        await asyncio.sleep(POLL_S)


async def _refold(copy: LogCopy, refolds: list[Refold], progress: Progress) -> None:
    letters = await read_letters(copy.source.kafka)
    total = sum((await log_ends(copy.target)).values())

    def tell() -> None:
        done = sum(each.table.marker.next_offset for each in refolds)
        progress("records folded", done, total)

    for each in refolds:
        await each.go_on(letters, tell)


@asynccontextmanager
async def _said_in_words() -> AsyncIterator[None]:
    try:
        yield
    except (KafkaError, UnknownCommitError) as error:
        raise BrokerError(f"Kafka cannot be used: {error!r}; run it again") from error
    except FencedError as error:
        raise BrokerError("another copy, or a worker of the target, runs: stop it") from error
