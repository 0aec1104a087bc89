"""Applies records to the tables, many at once, within the caller's transaction.

Records of one partition come in their order; partitions and topics in any. The tables say the same
whichever way they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog
from sqlalchemy import Connection

from console.read_model.ahead import CHANGELOG, Ahead
from console.read_model.apply_letters import LettersAndDeeds
from console.read_model.apply_log import LogRecords
from console.read_model.apply_rows import LatestRows
from console.read_model.apply_states import LatestStates
from console.read_model.apply_updates import NewUpdates
from console.read_model.erasure import erase
from console.read_model.records import Record, UnreadableError, key_of
from console.read_model.tables import not_shown
from console.read_model.writes import Values, insert_new
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, LOG, SOURCES, TEST, UPDATES

log = structlog.get_logger()


def apply(connection: Connection, records: Iterable[Record], revision: int) -> None:
    """Apply records; those that cannot be read are noted, and named in the log.

    Raises:
        NewerRowError: A newer release wrote one: nothing may be taken for read.
    """
    batch = _Batch()
    for record in records:
        batch.take(record)
    batch.write(connection, revision)


def gone_past(record: Record, reason: str) -> Values:
    """Name a record that is not shown in the log; gives its row of `not_shown`."""
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    log.warning("record_not_shown", **place, reason=reason)
    return {**place, "reason": reason}


class _Batch:
    """Some records, sorted by what they say."""

    def __init__(self) -> None:
        self._not_shown: list[Values] = []
        self._rows, self._updates = LatestRows(), NewUpdates()
        self._log, self._letters = LogRecords(), LettersAndDeeds()
        self._states, self._ahead = LatestStates(), Ahead()
        self._named: set[str] = set()
        self._takers: dict[str, Callable[[Record], None]] = {
            CUSTOMERS: self._rows.take,
            LOG: self._log.take,
            DEAD_LETTERS: self._letters.take,
            SOURCES: self._states.take,
            CHANGELOG: self._ahead.take,
            **dict.fromkeys(UPDATES, self._updates.take),
        }

    def take(self, record: Record) -> None:
        """Read a record; one that cannot be read is gone past."""
        self._named.add(key_of(record))
        try:
            self._takers[record.topic.removeprefix(TEST)](record)
        except UnreadableError as error:
            self._not_shown.append(gone_past(record, str(error)))

    def write(self, connection: Connection, revision: int) -> None:
        """Write what they say."""
        self._rows.write(connection, revision)
        self._updates.write(connection)
        self._log.write(connection)
        self._letters.write(connection)
        self._states.write(connection)
        self._ahead.write(connection)
        insert_new(connection, not_shown, self._not_shown)
        erase(
            connection,
            gone=self._rows.erased,
            back=self._rows.present,
            named=self._named,
            shown=self._log.shown,
        )
