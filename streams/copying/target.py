"""What stands in the log that is copied to: how far a copy has come, and whether it is one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from schemas.errors import BrokerError, SettingsError
from streams.copying.merge import Identity, identity_of
from streams.log.admin import count_log_partitions, count_partitions, missing_or_wrong
from streams.log.client import connection
from streams.log.cluster_state import connected
from streams.log.records import COPIED_FROM
from streams.log.topics import changelog_name
from streams.replay.readers import read, read_table
from streams.replay.table import Table
from streams.replay.write import Writer
from streams.settings import Deployment, Kafka
from streams.worker.dead_letters import FetchedRecord
from streams.worker.letters import Place
from streams.worker.marker import Marker
from streams.worker.names import Names
from streams.worker.partition import Partition
from streams.worker.transaction import new_producer


@dataclass(slots=True)
class Begun:
    """What of a copy is there, by target partition.

    Attributes:
        last: The last record that came from each source partition: its offset there, and its key.
        everywhere: Records that are to stand in every partition, and where they do.
        records: How many records there are.
    """

    last: dict[tuple[int, int], tuple[int, bytes | None]] = field(default_factory=dict)
    everywhere: dict[Identity, set[int]] = field(default_factory=dict)
    records: int = 0

    def take(self, record: FetchedRecord) -> None:
        """Note the next record of a target partition.

        Raises:
            BrokerError: It is not one that a copy wrote.
        """
        place = source_of(record)
        self.records += 1
        identity = identity_of(record)
        if identity:
            self.everywhere.setdefault(identity, set()).add(record.partition)
        else:
            self.last[record.partition, place.partition] = place.offset, record.key

    def has(self, partition: int, record: FetchedRecord) -> bool:
        """Whether a source record stands in this target partition.

        Of each source partition a target partition holds the first ones: they were written in order
        by an idempotent producer, wherever it broke off.

        Raises:
            BrokerError: Another record has that place in this log than in the copied one.
        """
        offset, key = self.last.get((partition, record.partition), (-1, None))
        if record.offset == offset and record.key != key:
            raise BrokerError("the new log was begun from another one: copy into an empty log")
        return record.offset <= offset

    def done(self, partitions: int) -> list[Identity]:
        """What stands in every partition."""
        return [each for each, there in self.everywhere.items() if len(there) == partitions]


def source_of(record: FetchedRecord) -> Place:
    """Where a copied record stood.

    Raises:
        BrokerError: It is none.
    """
    word = dict(record.headers).get(COPIED_FROM)
    try:
        return Place.parse((word or b"").decode())
    except (SettingsError, UnicodeDecodeError) as error:
        raise BrokerError(
            f"{record.topic} holds a record that is no copy, at {record.partition}:{record.offset}:"
            " nothing else may write there until the switch; stop what does, and begin again with "
            "an empty log, under another [kafka] prefix"
        ) from error


async def check(source: Deployment, target: Deployment) -> None:
    """Refuse what cannot be copied.

    Raises:
        SettingsError: Both are the same installation.
        BrokerError: Kafka does not answer, or topics are missing or not as they must be.
    """
    here, there = source.kafka, target.kafka
    if here.prefix == there.prefix and await _cluster_id(here) == await _cluster_id(there):
        raise SettingsError(
            "--to names the installation that is copied from: give it another [kafka] prefix, or "
            "another cluster"
        )
    count = await count_log_partitions(here)
    if count != here.partitions:
        raise SettingsError(f"the log has {count} partitions: set [kafka] partitions = {count}")
    await count_partitions(here, changelog_name(source.worker.application))
    if wrong := await missing_or_wrong(target):
        raise BrokerError("\n".join(["the target is not ready:", *wrong]))


async def read_begun(target: Deployment) -> Begun:
    """Read all that a former run has copied.

    Raises:
        BrokerError: The log holds something else.
    """
    begun, names = Begun(), names_of(target)
    for partition in range(target.kafka.partitions):
        async for records in read(target, names.log, partition):
            for record in records:
                begun.take(record)
    return begun


async def still_open(target: Deployment) -> list[int]:
    """Partitions that are to be closed to workers: all of them before a first copy.

    Raises:
        BrokerError: Somebody works with the target already.
    """
    markers = [table.marker for table in await read_tables(target)]
    if any(map(_is_opened, markers)):
        half = any(marker.is_rebuilding for marker in markers)
        raise BrokerError(
            "the target was not opened to its end: run it again with --activate"
            if half
            else "the target is in use: it was opened, or a worker has folded its log"
        )
    return [number for number, marker in enumerate(markers) if not marker.is_rebuilding]


async def open_the_rest(target: Deployment) -> int | None:
    """Open the partitions that a switch left closed when it broke off; all their rows are there.

    Returns:
        How many rows the target has; None where no switch had come so far.
    """
    tables = await read_tables(target)
    closed = {number: each for number, each in enumerate(tables) if each.marker.is_rebuilding}
    if not closed or not any(_is_opened(each.marker) for each in tables):
        return None
    for number, table in closed.items():
        table.marker = replace(table.marker, is_rebuilding=False)
        async with writer(target, number, table) as it:
            await it.finish()
    return sum(len(table.stored_rows) for table in tables)


async def read_tables(deployment: Deployment) -> list[Table]:
    """All rows of an installation, with their markers."""
    changelog, partitions = names_of(deployment).changelog, range(deployment.kafka.partitions)
    return [await read_table(deployment, changelog, number) for number in partitions]


async def close(target: Deployment, numbers: Iterable[int]) -> None:
    """Keep workers out of these partitions until all rows are there."""
    closed = Table(marker=Marker(is_rebuilding=True))
    for number in numbers:
        async with writer(target, number, closed) as it:
            await it.finish()


@asynccontextmanager
async def writer(target: Deployment, number: int, base: Table) -> AsyncIterator[Writer]:
    """Write into one partition of the target, as its worker would; a former one is fenced."""
    names = names_of(target)
    producer = new_producer(connection(target.kafka), names.transactional_id(number))
    async with producer:
        yield Writer(Partition(number=number, table={}, producer=producer), names, base)


def names_of(deployment: Deployment) -> Names:
    """Names of an installation's topics and group."""
    return Names(prefix=deployment.kafka.prefix, application=deployment.worker.application)


def _is_opened(marker: Marker) -> bool:
    return bool(marker.next_offset) and not marker.is_rebuilding


async def _cluster_id(kafka: Kafka) -> str:
    async with connected(kafka) as admin:
        return str((await admin.describe_cluster())["cluster_id"])
