"""Puts the records of several partitions into one order; pure.

Records of one partition stay in its order. One that stands in every partition (settings, test
clocks) is a barrier: it comes once, when all that stands before it anywhere has come, so that no
customer's records change sides. Source: docs/log-copy.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import NamedTuple

from schemas.records import Kind
from streams.worker.dead_letters import FetchedRecord

EVERYWHERE = frozenset({Kind.SETTINGS.value.encode(), Kind.BROADCAST.value.encode()})


class Identity(NamedTuple):
    """What makes records of several partitions the same one."""

    kind: bytes
    key: bytes | None
    event_id: bytes


@dataclass(frozen=True, slots=True)
class Merged:
    """The next record; `identity` of one that is to stand in every partition."""

    record: FetchedRecord
    identity: Identity | None = None


def identity_of(record: FetchedRecord) -> Identity | None:
    """Of a record that stands in every partition; None of any other."""
    headers = dict(record.headers)
    kind = headers.get("kind") or b""
    if kind not in EVERYWHERE:
        return None
    return Identity(kind, record.key, headers.get("event_id") or b"")


class Merge:
    """Records that wait for their turn, by partition.

    Args:
        partitions: All of them.
        done: What a former run has brought into every partition; it does not come again.

    Attributes:
        dropped: Repetitions that were left out.
    """

    def __init__(self, partitions: Iterable[int], done: Iterable[Identity] = ()) -> None:
        self._waiting: dict[int, deque[FetchedRecord]] = {each: deque() for each in partitions}
        self._done = set(done)
        self._met: set[Identity] = set()
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How many records are held by a barrier, as far as they were read."""
        return sum(map(len, self._waiting.values()))

    def wanting(self) -> list[int]:
        """Partitions of which the next records are needed."""
        return [partition for partition, records in self._waiting.items() if not records]

    def offer(self, partition: int, records: Iterable[FetchedRecord]) -> None:
        """Take the next records of a partition."""
        self._waiting[partition].extend(records)

    def take(self, ended: Set[int] = frozenset()) -> Iterator[Merged]:
        """Give all whose turn it is.

        Args:
            ended: Partitions that will have no more records: no barrier waits for them.
        """
        while True:
            for partition in self._waiting:
                yield from self._before_barrier(partition)
            if any(partition not in ended for partition in self.wanting()):
                return
            standing = [records for records in self._waiting.values() if records]
            if not standing:
                return
            # Where two came in another order in another partition, the first one's order counts.
            identity = identity_of(standing[0][0])
            yield Merged(standing[0].popleft(), identity)
            if identity:
                self._done.add(identity)
                self._met.add(identity)

    def _before_barrier(self, partition: int) -> Iterator[Merged]:
        records = self._waiting[partition]
        while records:
            identity = identity_of(records[0])
            if identity is None:
                yield Merged(records.popleft())
            elif identity in self._done:
                records.popleft()
                self.dropped += identity in self._met
                self._met.add(identity)
            else:
                return
