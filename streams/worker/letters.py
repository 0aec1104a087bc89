"""The dead letters and what was done about them, read from their topic. Pure.

A letter is never changed or removed. What somebody does about it is a record of its own behind it,
in the same partition, with the header `subfold.dlq.action`. Source: docs/dead-letters.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

import orjson

from schemas.codec import canonical
from schemas.errors import SettingsError
from streams.log.records import OF_A_COPY
from streams.worker.dead_letters import ADDED, PREFIX, FetchedRecord, Headers

ACTION = "subfold.dlq.action"
LETTER = "subfold.dlq.letter"
"""Names a letter: on what is done about it, and on the record that was given back to the log."""
FIRST = "subfold.dlq.first"
"""On a record that was given back: the first letter of all that came of the same record."""
OURS = frozenset({LETTER, FIRST})


class Place(NamedTuple):
    """A position in the log, `3:4711` as text. It names the letter of the record that is there."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """Join both as the worker's log lines and `sequence` do, without the zeros."""
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read what `str` wrote.

        Raises:
            SettingsError: It is something else.
        """
        partition, colon, offset = text.partition(":")
        if not (colon and partition.isdecimal() and offset.isdecimal()):
            raise SettingsError(f"{text!r} is no place in the log: write partition:offset")
        return cls(int(partition), int(offset))


class Action(StrEnum):
    """What was done. Stored for ever: never rename."""

    REDRIVING = "redriving"
    """Is about to be given back to the log; whether it was, the log itself knows."""
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something done about a letter.

    `log_end`: where its partition of the log ended before. `written`: the record's new offset.
    `stands_at`, `at_ms`: where and when Kafka has this deed; not written into it.
    """

    action: Action
    letter: Place
    by: str
    why: str = ""
    log_end: int | None = None
    written: int | None = None
    stands_at: int = -1
    at_ms: int = 0

    def value(self) -> bytes:
        """As it stands in the topic of dead letters."""
        return canonical(
            {
                "action": self.action.value,
                "letter": str(self.letter),
                "by": self.by,
                "why": self.why,
                "log_end": self.log_end,
                "written": self.written,
            }
        )

    def headers(self) -> list[tuple[str, bytes]]:
        """What tells it from a letter."""
        return [(ACTION, self.action.value.encode()), (LETTER, str(self.letter).encode())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter without its body.

    Attributes:
        place: Of the record in the log.
        stands_at: Offset of the letter in its own topic; the partition is the same.
        buried_at_ms: When it became a letter.
        words: Headers of the record and of the letter, as text.
        has_record: False when the record had neither key nor value: no client writes it again.
    """

    place: Place
    stands_at: int
    key: str
    buried_at_ms: int
    words: dict[str, str]
    has_record: bool = True
    deeds: tuple[Deed, ...] = ()

    @property
    def reason(self) -> str:
        """Why it could not be folded."""
        return self.words.get("reason", "")

    @property
    def first(self) -> str | None:
        """The first letter of the same record, when it was given back before."""
        return self.words.get(FIRST)

    @property
    def state(self) -> str:
        """Open, or what was done last."""
        return self.deeds[-1].action.value if self.deeds else OPEN


@dataclass(slots=True)
class Letters:
    """All letters of a topic, by place.

    `strange` counts records that are neither; `read_to` is how far each partition was read.
    """

    by_place: dict[Place, Letter] = field(default_factory=dict)
    strange: int = 0
    read_to: dict[int, int] = field(default_factory=dict)

    def take(self, record: FetchedRecord) -> None:
        """Read the next record of a partition: a letter, or what was done about one."""
        words = {name: (word or b"").decode(errors="replace") for name, word in record.headers}
        try:
            if ACTION in words:
                self._take_deed(record, words)
            else:
                self._take_letter(record, words)
        except (KeyError, TypeError, ValueError, SettingsError):
            self.strange += 1

    def _take_letter(self, record: FetchedRecord, words: dict[str, str]) -> None:
        place = Place(
            int(words[f"{PREFIX}partition"]),
            int(words[f"{PREFIX}offset"]),
        )
        self.by_place[place] = Letter(
            place=place,
            stands_at=record.offset,
            key=(record.key or b"").decode(errors="replace"),
            buried_at_ms=record.timestamp,
            words=words,
            has_record=record.key is not None or record.value is not None,
        )

    def _take_deed(self, record: FetchedRecord, words: dict[str, str]) -> None:
        letter = self.by_place[Place.parse(words[LETTER])]
        told = orjson.loads(record.value or b"")
        deed = Deed(
            action=Action(words[ACTION]),
            letter=letter.place,
            by=str(told["by"]),
            why=str(told["why"]),
            log_end=told["log_end"],
            written=told["written"],
            stands_at=record.offset,
            at_ms=record.timestamp,
        )
        self.by_place[letter.place] = replace(letter, deeds=(*letter.deeds, deed))


def original_headers(headers: Headers) -> list[tuple[str, bytes | None]]:
    """The headers of the record as it was first written to the log.

    Those of the letter stand behind them, and the links of a former time before those. Of a copy
    it is no more: it is appended here, and now.
    """
    return [(name, word) for name, word in headers[: -len(ADDED)] if name not in OURS | OF_A_COPY]


def headers_to_redrive(letter: Letter, headers: Headers) -> list[tuple[str, bytes | None]]:
    """The original headers, and behind them which letter it was: a next one says it again."""
    first = letter.first or str(letter.place)
    return [
        *original_headers(headers),
        (LETTER, str(letter.place).encode()),
        (FIRST, first.encode()),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which letters a command is about; what is not given does not matter.

    `customer` is the whole subject, or its last part.
    """

    places: frozenset[Place] = frozenset()
    reasons: frozenset[str] = frozenset()
    customer: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    states: frozenset[str] = frozenset()

    def of(self, letters: Letters) -> list[Letter]:
        """Those letters, in the order of the log."""
        return [each for _, each in sorted(letters.by_place.items()) if self._fits(each)]

    def _fits(self, letter: Letter) -> bool:
        wanted: Sequence[tuple[frozenset[Place] | frozenset[str], object]] = (
            (self.places, letter.place),
            (self.reasons, letter.reason),
            (self.states, letter.state),
        )
        return (
            all(not some or value in some for some, value in wanted)
            and self.customer in {None, letter.key, letter.key.rpartition("/")[2]}
            and (self.since_ms is None or letter.buried_at_ms >= self.since_ms)
            and (self.until_ms is None or letter.buried_at_ms < self.until_ms)
        )
