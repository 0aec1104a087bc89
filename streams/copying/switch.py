"""Lets the target go on where the source stopped: its rows with what was announced, its marker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from aiokafka.errors import for_code

from schemas.codec import decode_row
from schemas.errors import BrokerError
from streams.copying.records import Progress
from streams.copying.refold import Refold
from streams.copying.target import names_of, writer
from streams.log.cluster_state import connected
from streams.replay.compare import Difference
from streams.replay.readers import log_ends
from streams.replay.table import Table
from streams.replay.write import ROWS_MAX
from streams.settings import Deployment
from streams.source.enriching import STATE as ENRICHER
from streams.source.log_writer import kept, log_writer
from streams.worker.letter_topic import read_letters

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """What was put in place.

    `differences` are rows that this release would make otherwise: they are as they were.
    """

    rows: int
    dead_letters: int
    differences: tuple[Difference, ...]


async def has_workers(source: Deployment) -> bool:
    """Whether a worker has partitions of the source at this moment.

    Raises:
        BrokerError: Kafka does not answer, or does not say it to this user.
    """
    async with connected(source.kafka) as admin:
        [answer] = await admin.describe_consumer_groups([names_of(source).group])
    [(code, group, _, _, _, members, *_)] = answer.groups
    if code:
        raise BrokerError(
            f"whether group {group} has members cannot be seen: {for_code(code).message}; this "
            "user needs Describe for it"
        )
    return bool(members)


async def unfolded(source: Deployment, tables: Sequence[Table]) -> int:
    """How many records of its log the source's worker has not folded."""
    ends = await log_ends(source)
    return sum(ends[number] - table.marker.next_offset for number, table in enumerate(tables))


async def switch(
    source: Deployment,
    target: Deployment,
    refolds: Sequence[Refold],
    tables: Sequence[Table],
    progress: Progress,
) -> Switched | None:
    """Write all rows, dead letters and markers of the target, and open it to its workers.

    Args:
        source: Whose log is copied to its end.
        target: Where to.
        refolds: Of each target partition, to its end.
        tables: The source's rows, of the same moment.
        progress: Told how many rows are written.

    Returns:
        None where the source went on meanwhile: the target stays closed.

    Raises:
        BrokerError: Kafka fails.
    """
    letters = await read_letters(source.kafka)
    total = sum(len(table.stored_rows) for table in tables)
    rows, differing = 0, list[Difference]()
    async with AsyncExitStack() as stack:
        writers = []
        for refold in refolds:
            number, base = refold.number, refold.table
            it = await stack.enter_async_context(writer(target, number, base))
            carried = refold.carried(tables)
            for outputs in _parts(refold.letters_and_deeds(letters)):
                await it.append(outputs)
            for part in _parts(carried.items()):
                await it.write({key: decode_row(row) for key, row in part}, (), is_lost=True)
                rows += len(part)
                progress("rows put in place", rows, total)
            differing += refold.compared(carried)
            writers.append(it)
        if await has_workers(source) or await unfolded(source, tables):
            return None
        async with log_writer(target.kafka) as states:
            # Where the enricher is, is a place in the log; it looks at all rows when it starts.
            tasks = (await kept(source.kafka)).items()
            await states.carry({key: value for key, value in tasks if key != ENRICHER})
        for it in writers:
            await it.finish()
    return Switched(
        rows=rows,
        dead_letters=sum(len(each.letters) for each in refolds),
        differences=tuple(differing),
    )


def _parts(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while part := list(islice(rest, ROWS_MAX)):
        yield part
