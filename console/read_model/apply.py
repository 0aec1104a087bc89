"""Applies records to the tables, many at once, within the caller's transaction.

Records of one partition come in their order; partitions and topics in any. The tables say the same
whichever way they came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import structlog
from sqlalchemy import Connection

from console.read_model.apply_rows import LatestRows
from console.read_model.apply_updates import NewUpdates
from console.read_model.records import Record, UnreadableError
from streams.log.topics import CUSTOMERS, TEST, UPDATES

log = structlog.get_logger()


def apply(connection: Connection, records: Iterable[Record], revision: int) -> Counter[str]:
    """Apply records; those that cannot be read are counted by topic, and named in the log.

    Raises:
        NewerRowError: A newer release wrote one: nothing may be taken for read.
    """
    rows, news = LatestRows(), NewUpdates()
    takers: dict[str, Callable[[Record], None]] = dict.fromkeys(UPDATES, news.take)
    takers[CUSTOMERS] = rows.take
    unreadable: Counter[str] = Counter()
    for record in records:
        taker = takers.get(record.topic.removeprefix(TEST))
        if taker is None:
            continue
        try:
            taker(record)
        except UnreadableError as error:
            unreadable[record.topic] += 1
            log.warning(
                "record_not_shown",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                reason=str(error),
            )
    rows.write(connection, revision)
    news.write(connection)
    return unreadable
