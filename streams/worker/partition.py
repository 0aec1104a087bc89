"""What the worker holds of the partitions that are its own: it lives and dies with the ownership.

Nothing here may outlive the partition's loss: another worker's commits would turn it stale.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from schemas.codec import decode_row
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams import metrics
from streams.clocks import NO_CLOCKS, Clocks
from streams.worker.marker import (
    CLOCKS_KEY,
    MARKER_KEY,
    RESERVED,
    SETTINGS_KEY,
    Marker,
    decode_clocks,
    decode_marker,
    decode_settings,
)
from streams.worker.timers import Due, Timers

DECODED_ROWS_MAX = 5_000
"""Rows kept as objects for each partition; the rest is decoded when it is needed."""

Table = MutableMapping[bytes, bytes]


@dataclass(slots=True, kw_only=True)
class Partition:
    """One partition that is ours.

    Attributes:
        table: The rows of all partitions, as bytes.
        producer: Transactional; from its start on the former owner can commit no more.
        read_to: Next offset of the changelog to be read when the partition is taken over again.
        timers: When its rows are due.
        lock: Of its transactions, of which there is one at a time.
        epoch: Of the seek that the records to fold must have been fetched after.
        alone_before: Records before this offset are folded one by one; None before the first fold.
    """

    number: int
    table: Table
    producer: AIOKafkaProducer
    keys: set[bytes] = field(default_factory=set)
    decoded: OrderedDict[bytes, Row] = field(default_factory=OrderedDict)
    read_to: int = 0
    epoch: int = -1
    alone_before: int | None = None
    marker: Marker = field(default_factory=Marker)
    timers: Timers = field(default_factory=Timers)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    settings: SettingsInForce = field(default_factory=SettingsInForce)
    clocks: Clocks = NO_CLOCKS

    def row(self, key: bytes) -> Row | None:
        """The row of a customer as last committed.

        Raises:
            SubfoldError: Its bytes cannot be read, or a newer release wrote them.
        """
        row = self.decoded.get(key)
        if row is None:
            data = self.stored(key)
            return decode_row(data) if data is not None else None
        self.decoded.move_to_end(key)
        return row

    def place(self, key: bytes) -> bytes:
        """Where a row stands in the table.

        A client with another partitioner may have put one customer into two partitions: their rows
        must not meet, or what a row says would depend on who holds what.
        """
        return b"%d/%b" % (self.number, key)

    def stored(self, key: bytes) -> bytes | None:
        """The same as bytes; None for a key of another partition or of none."""
        return self.table.get(self.place(key)) if key in self.keys else None

    def committed(
        self,
        *,
        rows: Mapping[bytes, Row],
        stored: Mapping[bytes, bytes],
        marker: Marker,
        settings: SettingsInForce,
        clocks: Clocks,
    ) -> None:
        """Remember what a transaction has written, now that it is committed."""
        self.table.update({self.place(key): data for key, data in stored.items()})
        self.keys.update(stored)
        self.marker = marker
        if settings.version != self.settings.version:
            self.timers.outdate(self.keys)
        self.settings = settings
        self.clocks = clocks
        for key, row in rows.items():
            self.timers.set(key, Due.of(row), settings_version=settings.version)
            self.decoded[key] = row
            self.decoded.move_to_end(key)
        while len(self.decoded) > DECODED_ROWS_MAX:
            self.decoded.popitem(last=False)

    def read(
        self, key: bytes, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
    ) -> None:
        """Take over one record of the changelog.

        Raises:
            NewerRowError: It is a marker, settings or test clocks of a newer release.
        """
        if key.startswith(RESERVED):
            if key == MARKER_KEY and value is not None:
                self.marker = decode_marker(value)
            elif key == SETTINGS_KEY and value is not None:
                self.settings = decode_settings(value)
                self.timers.outdate(self.keys)
            elif key == CLOCKS_KEY and value is not None:
                self.clocks = decode_clocks(value)
            return
        self.decoded.pop(key, None)
        if value is None:
            self.table.pop(self.place(key), None)
            self.keys.discard(key)
            self.timers.drop(key)
        else:
            self.table[self.place(key)] = value
            self.keys.add(key)
            due = Due.read(headers) or Due.of(decode_row(value))
            self.timers.set(key, due, settings_version=self.settings.version)


class Held:
    """All partitions that are ours, and whether their rows have been read.

    Args:
        table: Faust's table, which belongs to no single partition.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.partitions: dict[int, Partition] = {}
        self.is_ready = False

    def forget(self, numbers: Iterable[int]) -> list[Partition]:
        """Drop partitions with their rows; their producers are still to be stopped."""
        dropped = [self.partitions.pop(number) for number in set(numbers) & set(self.partitions)]
        for partition in dropped:
            for key in partition.keys:
                self.table.pop(partition.place(key), None)
            for gauge in metrics.OF_PARTITION:
                gauge.remove(str(partition.number))
        return dropped
