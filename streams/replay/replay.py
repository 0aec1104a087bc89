"""One partition's replay: rebuilt, compared, and if so wanted put in place of what is live.

To put rows in place is to take the partition over: the producer with its transactional id fences
its worker, so that nothing moves meanwhile; when it is done, the worker takes it over again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from schemas.errors import BrokerError
from schemas.rows import Row
from schemas.settings import SettingsInForce
from schemas.updates import Envelope
from streams.log.client import connection
from streams.log.topics import TEST, UPDATES
from streams.replay.compare import Difference, differences
from streams.replay.readers import group_offset, read_ids, read_table
from streams.replay.rebuild import Progress, Rebuild
from streams.replay.table import Table
from streams.replay.write import Writer
from streams.restating import corrected
from streams.settings import Deployment
from streams.worker.names import Names
from streams.worker.partition import Partition
from streams.worker.transaction import new_producer

Announce = Literal["correction", "silent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a replay is to do.

    `announce` says how rows that differ are put in place; None only compares.
    """

    deployment: Deployment
    announce: Announce | None = None
    until_ms: int | None = None
    what_if: SettingsInForce | None = None

    @property
    def is_faithful(self) -> bool:
        """Whether it must come to what the worker has come to."""
        return self.until_ms is None and self.what_if is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of one partition.

    `lost` and `unknown` are updates that the log makes and that are not in the topics, and the
    other way round; `written` rows were put in place, `corrections` updates sent. Of what is no
    faithful replay, `to_look_at` are the rows and the settings they are to be read by.
    """

    partition: int
    records: int
    rows: int
    next_offset: int
    is_table_lost: bool
    differences: tuple[Difference, ...]
    lost: int
    unknown: int
    written: int = 0
    corrections: int = 0
    to_look_at: tuple[Mapping[bytes, bytes], SettingsInForce] | None = None


async def replay(plan: Plan, partition: int, progress: Progress) -> Replayed:
    """Replay one partition.

    Raises:
        BrokerError: Kafka fails.
        SubfoldError: A row cannot be read.
    """
    rebuild = Rebuild(
        deployment=plan.deployment,
        partition=partition,
        until_ms=plan.until_ms,
        what_if=plan.what_if,
    )
    if not plan.is_faithful:
        await rebuild.go_on(None, progress)
        rebuild.pass_time()
        return _result(rebuild, Table(), is_lost=False, keeps=True)
    live, is_lost = await _caught_up(rebuild, progress)
    if plan.announce is None:
        return await _compared(rebuild, live, is_lost=is_lost)
    names = _names(plan.deployment)
    producer = new_producer(connection(plan.deployment.kafka), names.transactional_id(partition))
    async with producer:
        # From here on the worker can commit no more: what it committed until now is caught up.
        live, is_lost = await _caught_up(rebuild, progress)
        found = await _compared(rebuild, live, is_lost=is_lost)
        # Of rows that are all lost the marker and the settings are, too.
        base = rebuild.table if is_lost else live
        rows, updates = _replacements(rebuild, live, base, announces=plan.announce == "correction")
        writer = Writer(Partition(number=partition, table={}, producer=producer), names, base)
        await writer.write(rows, updates, is_lost=is_lost)
        if is_lost:
            await writer.finish()
    return replace(found, written=len(rows), corrections=len(updates))


def _replacements(
    rebuild: Rebuild, live: Table, base: Table, *, announces: bool
) -> tuple[dict[bytes, Row], list[Envelope]]:
    """The rows to be written, and what is to be told with them."""
    rows: dict[bytes, Row] = {}
    told: list[Envelope] = []
    for difference in differences(live.stored_rows, rebuild.table.stored_rows):
        key = difference.subject.encode()
        rebuilt, theirs = rebuild.table.row(key), live.row(key)
        if rebuilt is None:
            continue  # the log makes no such row: it is shown, and for people to look at
        if theirs is None:
            rows[key] = rebuilt
        elif difference.part == "facts":
            place = (rebuild.partition, base.marker.next_offset)
            rows[key], updates = corrected(theirs, rebuilt, base.settings, place=place)
            told += updates if announces else ()
    return rows, told


async def _caught_up(rebuild: Rebuild, progress: Progress) -> tuple[Table, bool]:
    """Fold as far as the worker is; give its rows, and whether its marker is lost."""
    deployment, partition = rebuild.deployment, rebuild.partition
    names = _names(deployment)
    live = await read_table(deployment, names.changelog, partition)
    if live.marker.is_rebuilding and not live.marker.next_offset:
        raise BrokerError(
            "this log is a copy that is being made: run `subfold log copy --activate`"
        )
    if live.marker.next_offset and not live.marker.is_rebuilding:
        await rebuild.go_on(live.marker.next_offset, progress)
        return live, False
    offset = await group_offset(deployment, names.group, names.log, partition)
    if offset is not None:
        await rebuild.go_on(offset, progress)
    else:
        ids = await _ids(deployment, partition, until=None)
        await rebuild.go_on_while_known(ids, progress)
    return live, True


async def _compared(rebuild: Rebuild, live: Table, *, is_lost: bool) -> Replayed:
    until = rebuild.table.marker.next_offset
    ids = await _ids(rebuild.deployment, rebuild.partition, until=until)
    rebuild.bring_up(ids, live)
    found = _result(rebuild, live, is_lost=is_lost, keeps=False)
    return replace(found, lost=len(rebuild.told - ids), unknown=len(ids - rebuild.told))


def _result(rebuild: Rebuild, live: Table, *, is_lost: bool, keeps: bool) -> Replayed:
    rebuilt = rebuild.table
    return Replayed(
        partition=rebuild.partition,
        records=rebuild.records,
        rows=len(rebuilt.stored_rows),
        next_offset=rebuilt.marker.next_offset,
        is_table_lost=is_lost,
        differences=() if keeps else tuple(differences(live.stored_rows, rebuilt.stored_rows)),
        lost=0,
        unknown=0,
        to_look_at=(rebuilt.stored_rows, rebuilt.settings) if keeps else None,
    )


async def _ids(deployment: Deployment, partition: int, *, until: int | None) -> set[bytes]:
    names = _names(deployment)
    topics = [names.topic(mode + name) for mode in ("", TEST) for name in UPDATES]
    return await read_ids(deployment, topics, partition, until=until)


def _names(deployment: Deployment) -> Names:
    return Names(prefix=deployment.kafka.prefix, application=deployment.worker.application)
