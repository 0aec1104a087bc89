"""Folds the copied log, for its marker, and puts the rows of the first installation beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from schemas.errors import DeadLetterReason
from streams.copying.records import partition_of_key
from streams.copying.target import names_of, source_of
from streams.log.topics import DEAD_LETTERS
from streams.replay.compare import Difference, differences
from streams.replay.readers import read
from streams.replay.rebuild import Rebuild
from streams.replay.table import Table
from streams.settings import Deployment
from streams.worker.batch import Output, fold_batch, split
from streams.worker.dead_letters import DeadLetter
from streams.worker.letters import Action, Deed, Letters, Place

DONE = frozenset({Action.REDRIVEN.value, Action.DISCARDED.value})


@dataclass(slots=True)
class Refold:
    """The fold of one target partition, as far as it was copied.

    `letters` are its dead letters, each with the place of its record here and in the copied log.
    """

    target: Deployment
    number: int
    table: Table = field(default_factory=Table)
    letters: list[tuple[DeadLetter, Place, Place]] = field(default_factory=list)

    async def go_on(self, known: Letters, tell: Callable[[], None]) -> None:
        """Fold what was copied since.

        Args:
            known: The dead letters of the log that is copied.
            tell: Called when some more are folded.

        Raises:
            BrokerError: Kafka fails, or somebody else has written into the log.
        """
        begin = self.table.marker.next_offset
        async for records in read(self.target, names_of(self.target).log, self.number, begin=begin):
            places = {record.offset: source_of(record) for record in records}
            crashes = {offset for offset, place in places.items() if _is_crash(known, place)}
            for part in split(records, self.table):
                table = self.table
                folded = fold_batch(part, table, table.settings, table.clocks, crashes)
                table.take(folded)
                tell()
                for letter in folded.dead_letters:
                    here = Place(self.number, letter.offset)
                    self.letters.append((letter, here, places[letter.offset]))

    def letters_and_deeds(self, known: Letters) -> Iterator[Output]:
        """The dead letters, each with what was done about it where it was copied from."""
        for letter, here, source in self.letters:
            yield Output(
                topic=DEAD_LETTERS, key=letter.key, value=letter.value, headers=letter.headers
            )
            was = known.by_place.get(source)
            # One that is half redriven stays open: its record may be copied, or not.
            if was and was.state in DONE:
                last = was.deeds[-1]
                deed = Deed(action=last.action, letter=here, by=last.by, why=last.why)
                yield Output(
                    topic=DEAD_LETTERS, key=None, value=deed.value(), headers=deed.headers()
                )

    def carried(self, tables: Iterable[Table]) -> dict[bytes, bytes]:
        """The rows that are to stand in this partition: as they were, with what was announced.

        Of a customer that another partitioner had put into two partitions, the fold makes one row.
        """
        rows: dict[bytes, bytes] = {}
        twice = set[bytes]()
        for table in tables:
            for key, stored in table.stored_rows.items():
                if partition_of_key(key, self.target.kafka.partitions) == self.number:
                    twice |= {key} & rows.keys()
                    rows[key] = stored
        once = {key: stored for key, stored in rows.items() if key not in twice}
        return self.table.stored_rows | once

    def compared(self, carried: Mapping[bytes, bytes]) -> list[Difference]:
        """Where the rows are not those that this release makes of the same records."""
        rebuild = Rebuild(
            deployment=self.target,
            partition=self.number,
            table=self.table,
            copied_to=self.table.marker.next_offset,
        )
        rebuild.bring_up(set(), Table(stored_rows=dict(carried)))
        return list(differences(carried, self.table.stored_rows))


def _is_crash(known: Letters, place: Place) -> bool:
    letter = known.by_place.get(place)
    return letter is not None and letter.reason == DeadLetterReason.CRASH.value
