"""A list of records folded: pure, from rows and settings to all that one transaction writes.

The quick way folds all records and makes what readers see of a changed row once, at the end. If
anything goes wrong there, a bug of ours or a row too large for its readers, the careful way folds
the same list again and makes it after each record: so the one record that is to blame becomes a
dead letter, and the rest goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from schemas.codec import encode_row
from schemas.errors import BadRecordError, DeadLetterReason, SubfoldError
from schemas.records import Kind, LogRecord, Subject
from schemas.rows import Row
from schemas.settings import SettingsInForce
from schemas.standing import Standing
from schemas.updates import Envelope
from streams.clocks import NO_CLOCKS, Clocks
from streams.log.broadcast import FIRST
from streams.log.records import logged_ms, read_log_record
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, MIB, TEST, topic_of
from streams.pipeline import Step, row_for_readers, step
from streams.reading import read_clock, read_settings
from streams.worker.dead_letters import DeadLetter, FetchedRecord, Headers, dead_letter
from streams.worker.marker import Fate, encode_settings

RECORDS_MAX = 1_000
"""Records of one transaction at most."""
BYTES_MAX = 8 * MIB
"""Bodies and rows that one transaction may touch, at most; one record always may."""
VIEW_BYTES_MAX = 2 * MIB - 64 * 1024
"""A row for readers; with its key it must fit its topic's `max.message.bytes`."""
UPDATE_BYTES_MAX = 1_000_000
"""An update; with its headers it must fit Kafka's default `max.message.bytes`."""
SETTINGS_BYTES_MAX = MIB


class Rows(Protocol):
    """The rows of one partition as they were last committed."""

    def row(self, key: bytes) -> Row | None:
        """The row of a customer; None before its first record."""

    def stored(self, key: bytes) -> bytes | None:
        """The same as bytes, as it stands in the changelog."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One record to be written; `topic` is its name in the contract, without the prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What a list of records came to: all of it is written by one transaction.

    `rows` are those that changed, `stored` the same as bytes; `newest_ms` is the newest record's
    time in the log; `updates` counts by type, `unknown_statuses` how often each was new on a row.
    `counted` are the fates for whoever adds up all partitions: a broadcast is counted in one alone.
    """

    next_offset: int
    newest_ms: int
    settings: SettingsInForce
    rows: Mapping[bytes, Row]
    stored: Mapping[bytes, bytes]
    outputs: Sequence[Output]
    dead_letters: Sequence[DeadLetter]
    fates: Mapping[Fate, int]
    counted: Mapping[Fate, int]
    clocks: Clocks
    updates: Mapping[str, int]
    unknown_statuses: Mapping[str, int]

    @classmethod
    def without_records(
        cls,
        rows: Mapping[bytes, Row],
        outputs: Sequence[Output],
        *,
        next_offset: int,
        settings: SettingsInForce,
        clocks: Clocks,
    ) -> Folded:
        """Rows that are written anew where the fold stands."""
        return cls(
            next_offset=next_offset,
            newest_ms=0,
            settings=settings,
            rows=rows,
            stored={key: encode_row(row) for key, row in rows.items()},
            outputs=outputs,
            dead_letters=(),
            fates={},
            counted={},
            clocks=clocks,
            updates={},
            unknown_statuses={},
        )


def split(
    records: Sequence[FetchedRecord], rows: Rows, *, alone_before: int = 0
) -> Iterator[Sequence[FetchedRecord]]:
    """Cut a fetched list into what one transaction each may carry.

    Args:
        records: Of one partition, in order.
        rows: Theirs.
        alone_before: Records before this offset are cut off one by one.
    """
    start, size, keys = 0, 0, set[bytes]()
    for index, record in enumerate(records):
        key = record.key or b""
        more = len(record.value or b"")
        if key not in keys:
            more += len(rows.stored(key) or b"")
        is_full = index - start >= RECORDS_MAX or size + more > BYTES_MAX
        if index > start and (is_full or records[start].offset < alone_before):
            yield records[start:index]
            start, size, keys = index, 0, set()
            more = len(record.value or b"") + len(rows.stored(key) or b"")
        size += more
        keys.add(key)
    if records:
        yield records[start:]


def fold_batch(
    records: Sequence[FetchedRecord],
    rows: Rows,
    settings: SettingsInForce,
    clocks: Clocks = NO_CLOCKS,
    crashes: Set[int] = frozenset(),
) -> Folded:
    """Fold records of one partition, in order, as one transaction.

    Args:
        records: Of one partition, in order.
        rows: As they were last committed.
        settings: In force before the first record.
        clocks: Where the test clocks stand before the first record.
        crashes: Offsets of records that kill the process: they are buried unfolded.

    Raises:
        SubfoldError: A row cannot be read, or a newer release wrote it; nothing about the records.
    """
    try:
        return _fold(records, _Fold(rows, settings, clocks, crashes, is_careful=False))
    except Exception:  # whatever it is, the careful way finds whose it is
        return _fold(records, _Fold(rows, settings, clocks, crashes, is_careful=True))


def _fold(records: Sequence[FetchedRecord], fold: _Fold) -> Folded:
    for record in records:
        fold.take(record)
    return fold.result(records)


class _Fold:
    """Gathers what the records of one transaction come to."""

    def __init__(
        self,
        rows: Rows,
        settings: SettingsInForce,
        clocks: Clocks,
        crashes: Set[int],
        *,
        is_careful: bool,
    ) -> None:
        self._rows = rows
        self._settings = settings
        self._clocks = clocks
        self._crashes = crashes
        self._is_careful = is_careful
        # With the settings that each row was last folded with: where a batch ends must not show.
        self._touched: dict[bytes, tuple[Row, Step, SettingsInForce]] = {}
        self._outputs: list[Output] = []
        self._dead: list[DeadLetter] = []
        self._fates: Counter[Fate] = Counter()
        self._elsewhere: Counter[Fate] = Counter()
        self._updates: Counter[str] = Counter()
        self._unknown_statuses: Counter[str] = Counter()

    def take(self, fetched: FetchedRecord) -> None:
        """Fold one record, or bury it."""
        if fetched.offset in self._crashes:
            what = "the process ended each time when it was folded"
            self._bury(fetched, BadRecordError(DeadLetterReason.CRASH, what))
            return
        try:
            record = read_log_record(
                key=fetched.key,
                value=fetched.value,
                headers=fetched.headers,
                partition=fetched.partition,
                offset=fetched.offset,
                timestamp_ms=fetched.timestamp,
            )
            if record.kind is Kind.SETTINGS:
                self._take_settings(record)
            elif record.kind is Kind.BROADCAST:
                self._take_broadcast(record)
            else:
                self._take_record(record)
        except BadRecordError as error:
            self._bury(fetched, error)
        except SubfoldError:
            raise  # about a row, not about this record
        except Exception as bug:
            if not self._is_careful:
                raise
            self._bury(fetched, bug)

    def result(self, records: Sequence[FetchedRecord]) -> Folded:
        """Make what readers see of the rows that changed, and give all of it."""
        rows, stored, views = {}, {}, []
        for key, (row, last, settings) in self._touched.items():
            if last.stored != self._rows.stored(key):
                rows[key], stored[key] = row, last.stored
                views.append(view_output(row, settings, last.standing))
        return Folded(
            next_offset=records[-1].offset + 1,
            newest_ms=logged_ms(records[-1].headers, records[-1].timestamp),
            settings=self._settings,
            rows=rows,
            stored=stored,
            outputs=[*views, *self._outputs],
            dead_letters=self._dead,
            fates=self._fates,
            counted=self._fates - self._elsewhere,
            clocks=self._clocks,
            updates=self._updates,
            unknown_statuses=self._unknown_statuses,
        )

    def _take_record(self, record: LogRecord) -> None:
        key = record.key.encode()
        row = self._touched[key][0] if key in self._touched else self._rows.row(key)
        result = step(row, record, self._settings, self._clocks)
        if result.error:
            raise result.error
        outputs = [update_output(update) for update in result.updates]
        if result.row:
            if self._is_careful:
                view_output(result.row, self._settings)
            self._touched[key] = (result.row, result, self._settings)
        self._outputs += outputs
        self._updates.update(update.type for update in result.updates)
        self._unknown_statuses.update(result.unknown_statuses)
        self._fates[Fate(result.outcome.value)] += 1

    def _take_settings(self, record: LogRecord) -> None:
        settings = read_settings(record, self._settings)
        if len(encode_settings(settings)) > SETTINGS_BYTES_MAX:
            raise BadRecordError(DeadLetterReason.BAD_SETTINGS, "they are larger than 1 MiB")
        self._settings = settings
        self._fates[Fate.SETTINGS] += 1

    def _take_broadcast(self, record: LogRecord) -> None:
        seen = read_clock(record)
        if seen is None:
            fate = Fate.IGNORED
        elif self._clocks.knows(seen):
            fate = Fate.DUPLICATE
        else:
            fate = Fate.BROADCAST
            self._clocks = self._clocks.joined(seen)
        self._fates[fate] += 1
        if record.partition != FIRST:
            self._elsewhere[fate] += 1

    def _bury(self, fetched: FetchedRecord, error: Exception) -> None:
        letter = dead_letter(fetched, error)
        self._dead.append(letter)
        self._outputs.append(
            Output(topic=DEAD_LETTERS, key=letter.key, value=letter.value, headers=letter.headers)
        )
        self._fates[Fate.DEAD_LETTERED] += 1


def view_output(row: Row, settings: SettingsInForce, standing: Standing | None = None) -> Output:
    """A row as its readers see it; `standing` is what it means, where that is known already.

    Raises:
        BadRecordError: `row_too_large`, where Kafka would not take it.
    """
    view = row_for_readers(row, settings, standing)
    if len(view) > VIEW_BYTES_MAX:
        raise BadRecordError(DeadLetterReason.ROW_TOO_LARGE, "the row would be too large to read")
    subject = Subject.parse(row.subject)
    topic = CUSTOMERS if subject and subject.livemode else TEST + CUSTOMERS
    return Output(topic=topic, key=row.subject.encode(), value=view)


def update_output(update: Envelope) -> Output:
    """An update as it is written.

    Raises:
        BadRecordError: `row_too_large`, where Kafka would not take it.
    """
    value = update.value()
    if len(value) > UPDATE_BYTES_MAX:
        raise BadRecordError(DeadLetterReason.ROW_TOO_LARGE, "an update would be too large")
    return Output(
        topic=topic_of(update.type) if update.livemode else TEST + topic_of(update.type),
        key=update.subject.encode(),
        value=value,
        headers=update.headers(),
    )
