"""Whether every record of the log is accounted for, by what became of it or as yet to be folded.

`log = folded + ignored + duplicate + dead_lettered + settings + … + in flight`, for each partition,
by its marker and the ends of its log; and as many dead letters as were counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from streams.log.admin import count_partitions
from streams.log.committed import Committed, Progress, committed, places_of, untold
from streams.log.topics import LOG, changelog_name
from streams.settings import Deployment
from streams.worker.letter_topic import read_letters
from streams.worker.letters import OPEN, Letter
from streams.worker.marker import ACCEPTED, MARKER_KEY, RESERVED, Fate, Marker, decode_marker

CLIENT = "subfold-status"


@dataclass(slots=True, kw_only=True)
class Account:
    """What is known of one partition.

    Attributes:
        begins: Where its log begins: 0, for it is kept for ever.
        ends: Where its log ends.
        rows: How many customers it has.
        letters: Dead letters of records before the marker.
        open_letters: Those of them about which nothing was done.
    """

    number: int
    begins: int = 0
    ends: int = 0
    marker: Marker = field(default_factory=Marker)
    rows: int = 0
    letters: int = 0
    open_letters: int = 0

    @property
    def in_flight(self) -> int:
        """Records that are still to be folded."""
        return self.ends - self.marker.next_offset

    @property
    def fates(self) -> dict[str, int]:
        """How many records came to what."""
        return {fate.value: self.marker.counts.get(fate.value, 0) for fate in Fate}

    def take(self, letter: Letter) -> None:
        """Count a letter of this partition."""
        if letter.place.offset < self.marker.next_offset:
            self.letters += 1
            self.open_letters += letter.state == OPEN

    def mismatches(self) -> Iterator[str]:
        """Say what does not add up."""
        position, dead = self.marker.next_offset, self.fates[Fate.DEAD_LETTERED.value]
        accepted = self.marker.counts.get(ACCEPTED, 0)
        if self.begins > 0:
            yield f"the log begins at {self.begins}: what was before is gone"
        if self.in_flight < 0:
            yield f"the log ends at {self.ends}, before {position}: it is another log"
        if sum(self.fates.values()) != accepted:
            yield f"{accepted} records were folded and {sum(self.fates.values())} have a fate"
        if self.marker.unaccounted:
            yield (
                f"{position} offsets were passed and {accepted} records folded: "
                f"{self.marker.unaccounted} held none, or were lost"
            )
        if self.letters != dead:
            yield f"{dead} records were dead-lettered and {self.letters} letters are there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """All partitions of an installation."""

    accounts: tuple[Account, ...]

    def total(self) -> Mapping[str, int]:
        """The sums over all partitions; `log` is what there is to account for."""
        sums: Counter[str] = Counter()
        for each in self.accounts:
            sums.update(each.fates)
            sums.update(
                log=each.ends,
                position=each.marker.next_offset,
                in_flight=each.in_flight,
                rows=each.rows,
                open_letters=each.open_letters,
            )
        return sums

    def mismatches(self) -> list[str]:
        """Say what does not add up, and where."""
        return [
            f"partition {each.number}: {words}"
            for each in self.accounts
            for words in each.mismatches()
        ]


async def balance(deployment: Deployment, progress: Progress = untold) -> Balance:
    """Read markers and rows, then dead letters, then the log's ends: nothing can seem lost so.

    Raises:
        BrokerError: Kafka cannot be used, or a topic is missing.
        NewerRowError: A newer release has written a marker.
    """
    kafka = deployment.kafka
    changelog = changelog_name(deployment.worker.application)
    numbers = range(await count_partitions(kafka, changelog))
    accounts = {number: Account(number=number) for number in numbers}
    async with committed(kafka, client_id=CLIENT) as reader:
        await _read_rows(reader, places_of(kafka, changelog, numbers), accounts, progress)
        for place, letter in (await read_letters(kafka)).by_place.items():
            if place.partition in accounts:
                accounts[place.partition].take(letter)
        places = places_of(kafka, LOG, numbers)
        begins, ends = await reader.begins(places), await reader.ends(places)
    for each in places:
        accounts[each.partition].begins = begins[each]
        accounts[each.partition].ends = ends[each]
    return Balance(accounts=tuple(accounts.values()))


async def _read_rows(
    reader: Committed,
    places: Iterable[TopicPartition],
    accounts: Mapping[int, Account],
    progress: Progress,
) -> None:
    places = list(places)
    begins, ends = await reader.begins(places), await reader.ends(places)
    keys: dict[int, set[bytes]] = {number: set() for number in accounts}
    async for record in reader.read(begins, ends, progress):
        if record.key == MARKER_KEY and record.value is not None:
            accounts[record.partition].marker = decode_marker(record.value)
        elif not record.key.startswith(RESERVED):
            (
                keys[record.partition].discard
                if record.value is None
                else keys[record.partition].add
            )(record.key)
    for number, found in keys.items():
        accounts[number].rows = len(found)
