"""Rebuilds the rows of one partition from the log: the worker's own fold, and nothing is sent.

It goes as far as the worker is. Where nobody knows how far that is, because the changelog and the
group's offset are lost, the updates tell: all that the log makes is there up to where the worker
stopped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence, Set
from dataclasses import dataclass, field
from itertools import groupby

from aiokafka import ConsumerRecord

from schemas.codec import encode_row
from schemas.settings import SettingsInForce
from streams.log.records import is_copied, logged_ms
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, TEST
from streams.pipeline import step
from streams.reading import tick_record
from streams.replay.readers import read, read_crashes
from streams.replay.table import Table
from streams.restating import is_older, resettled
from streams.settings import Deployment
from streams.worker.batch import Folded, fold_batch, split
from streams.worker.names import Names

NOT_UPDATES = frozenset({CUSTOMERS, TEST + CUSTOMERS, DEAD_LETTERS})
WHAT_IF_SKIPS = frozenset({b"tick", b"settings"})
Progress = Callable[[int, int], None]


@dataclass(slots=True, kw_only=True)
class Rebuild:
    """A rebuild of one partition on its way.

    Args:
        until_ms: Stop at the first record that is newer.
        what_if: Fold with these settings instead of those of the log; recorded ticks are left out
            then, for time passes by what these settings ask for.
        copied_to: Records before this offset came from another log, and what they make is in the
            topics of that installation: found on the way.
    """

    deployment: Deployment
    partition: int
    until_ms: int | None = None
    what_if: SettingsInForce | None = None
    table: Table = field(default_factory=Table)
    records: int = 0
    newest_ms: int = 0
    told: set[bytes] = field(default_factory=set)
    copied_to: int = 0
    _crashes: Set[int] = frozenset()

    def __post_init__(self) -> None:
        """Begin with the settings that are tried."""
        if self.what_if:
            self.table.settings = self.what_if

    async def go_on(self, end: int | None, progress: Progress = lambda _, __: None) -> None:
        """Fold the log from where the table stands to an offset, or to what is its end now."""
        begin = self.table.marker.next_offset
        async for part in self._parts(begin, end):
            self._take(self._fold(part))
            progress(self.partition, len(part))

    async def go_on_while_known(
        self, ids: set[bytes], progress: Progress = lambda _, __: None
    ) -> None:
        """Fold as long as all updates that the log makes have these ids."""
        async for part in self._parts(self.table.marker.next_offset, None):
            if not self._take_known(part, ids):
                return
            progress(self.partition, len(part))

    def _fold(self, part: Sequence[ConsumerRecord]) -> Folded:
        table = self.table
        return fold_batch(part, table, table.settings, table.clocks, self._crashes)

    def _take_known(self, part: Sequence[ConsumerRecord], ids: set[bytes]) -> bool:
        folded = self._fold(part)
        if part[0].offset < self.copied_to or _ids(folded) <= ids:
            self._take(folded)
            return True
        return len(part) > 1 and all(self._take_known([record], ids) for record in part)

    async def _parts(self, begin: int, end: int | None) -> AsyncIterator[Sequence[ConsumerRecord]]:
        kafka = self.deployment.kafka
        names = Names(prefix=kafka.prefix, application=self.deployment.worker.application)
        dead_letters = names.topic(DEAD_LETTERS)
        self._crashes = await read_crashes(self.deployment, dead_letters, self.partition)
        async for fetched in read(self.deployment, names.log, self.partition, begin=begin, end=end):
            records = [record for record in fetched if self._is_folded(record)]
            for copied, group in groupby(records, key=_is_copied):
                of_one_origin = list(group)
                if copied:
                    self.copied_to = of_one_origin[-1].offset + 1
                for part in split(of_one_origin, self.table):
                    yield part
            # Copies of several partitions are not in the order of their times.
            is_past = self.until_ms is not None and fetched[-1].timestamp > self.until_ms
            if is_past and not _is_copied(fetched[-1]):
                return

    def pass_time(self) -> None:
        """Let time pass to the last moment that was folded, as a clock would have."""
        at = self.until_ms // 1000 if self.until_ms else self.newest_ms // 1000
        for key in sorted(self.table.stored_rows):
            row = self.table.row(key)
            if row is None or row.clock or row.facts.at >= at:
                continue
            done = step(row, tick_record(row.subject, at, None), self.table.settings)
            if done.row:
                self.table.put({key: done.row}, {key: done.stored})

    def bring_up(self, ids: set[bytes], live: Table) -> None:
        """Bring rows of older settings to those in force, where the worker has done so.

        It has where all that it would tell by this is in the topics. What was told before the log
        was copied is in others: then the live row says it.
        """
        settings = self.table.settings
        is_copied = settings.place[1] < self.copied_to
        if settings.announce == "from_now_on":
            return
        for key in list(self.table.stored_rows):
            row = self.table.row(key)
            if row is None or not is_older(row, settings):
                continue
            restated, told = resettled(row, settings)
            theirs = live.row(key) if is_copied else None
            own = {update.id.encode() for update in told}
            if own <= ids or (theirs and not is_older(theirs, settings)):
                self.table.put({key: restated}, {key: encode_row(restated)})
                self.told |= own & ids if is_copied else own

    def _is_folded(self, record: ConsumerRecord) -> bool:
        logged_at_ms = logged_ms(record.headers, record.timestamp)
        if self.until_ms is not None and logged_at_ms > self.until_ms:
            return False
        return self.what_if is None or dict(record.headers).get("kind") not in WHAT_IF_SKIPS

    def _take(self, folded: Folded) -> None:
        self.table.take(folded)
        self.newest_ms = max(self.newest_ms, folded.newest_ms)
        self.records += sum(folded.fates.values())
        if folded.next_offset > self.copied_to:
            self.told |= _ids(folded)


def _is_copied(record: ConsumerRecord) -> bool:
    return is_copied(record.headers)


def _ids(folded: Folded) -> set[bytes]:
    return {
        dict(output.headers)["ce_id"] or b""
        for output in folded.outputs
        if output.topic not in NOT_UPDATES
    }
