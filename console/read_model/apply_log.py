"""Records of the log: the objects that they show, what happened to whom, settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from console.read_model.apply_objects import SeenObjects
from console.read_model.log_tables import events, newest_events, settings_records
from console.read_model.records import (
    KEY_BYTES_MAX,
    Record,
    UnreadableError,
    integer_or_none,
    json_object,
    text_or_none,
    words_of,
)
from console.read_model.stripe_object import Shown, read_shown
from console.read_model.writes import Values, insert_new, upsert
from schemas.codec import canonical
from schemas.errors import BadRecordError
from schemas.records import Kind, LogRecord
from streams.log.broadcast import FIRST
from streams.log.records import read_log_record
from streams.reading import EVENT_KINDS, FETCHED_KINDS

SHOWING = EVENT_KINDS | FETCHED_KINDS | {Kind.BROADCAST}
TO_ALL = frozenset({Kind.BROADCAST, Kind.SETTINGS})
"""Written to every partition: they count in one."""
BY_ITSELF = frozenset({Kind.WEBHOOK, Kind.BROADCAST})
"""Sent by Stripe, not asked for."""
MODES = frozenset({"live", "test"})


class LogRecords:
    """What some records of the log say."""

    def __init__(self) -> None:
        self._objects = SeenObjects()
        self._events: list[Values] = []
        self._newest: dict[tuple[str, bool], Values] = {}
        self._settings: dict[int, Values] = {}

    def take(self, record: Record) -> None:
        """Read a record. What is foreign is for the dead letters alone.

        Raises:
            UnreadableError: It shows nothing that can be kept; its place in the timeline may be.
        """
        found = _read(record)
        if found.foreign or (found.kind in TO_ALL and found.partition != FIRST):
            return
        if found.kind is Kind.SETTINGS:
            self._take_settings(found)
            return
        *scope, _ = parts = found.key.split("/")[:4]
        if len(parts) < len(MODES) + 2 or parts[2] not in MODES:
            raise UnreadableError("of no live or test data")
        event = _event(found, words_of(record).get("api_version", ""))
        self._events.append(event)
        if found.kind in BY_ITSELF:
            self._note_newest(event, (scope[0], scope[2] == "live"))
        if found.kind in SHOWING:
            shown = read_shown(found, event["api_version"] or "")
            self._take_shown(event, shown, "/".join(scope))

    @property
    def shown(self) -> Mapping[str, Collection[str]]:
        """Ids of the objects that they show, by scope."""
        return self._objects.seen

    def write(self, connection: Connection) -> None:
        """Add what is new."""
        self._objects.write(connection)
        insert_new(connection, events, self._events)
        self._write_newest(connection)
        insert_new(connection, settings_records, list(self._settings.values()))

    def _note_newest(self, event: Values, of: tuple[str, bool]) -> None:
        known = self._newest.get(of)
        if known is None or _place(known) < _place(event):
            self._newest[of] = event

    def _write_newest(self, connection: Connection) -> None:
        table = newest_events.c
        for (source, livemode), event in self._newest.items():
            here = select(newest_events).where(table.source == source, table.livemode == livemode)
            known = connection.execute(here).mappings().first()
            if known is None or _place(known) < _place(event):
                kept = {column.name: event[column.name] for column in table if column.name in event}
                upsert(connection, newest_events, [kept | {"source": source, "livemode": livemode}])

    def _take_shown(self, event: Values, shown: Shown, scope: str) -> None:
        event["created"] = shown.at
        if shown.version is not None:
            event["object"] = shown.version.snapshot.id
            self._objects.take(scope, shown.version)

    def _take_settings(self, record: LogRecord) -> None:
        stored = json_object(record.value)
        version = integer_or_none(stored.get("version"))
        if version is None or not isinstance(stored.get("content"), dict):
            raise UnreadableError("no settings")
        # Who broke off half-way wrote the same once more: the first counts, as for the worker.
        self._settings.setdefault(
            version,
            {
                "version": version,
                "hash": text_or_none(stored.get("hash")) or "",
                "applied_by": text_or_none(stored.get("applied_by")) or "",
                "reason": text_or_none(stored.get("reason")) or "",
                "announce": text_or_none(stored.get("announce")) or "",
                "applied_at": record.timestamp_ms // 1000,
                "content": canonical(stored["content"]).decode(),
            },
        )


def _read(record: Record) -> LogRecord:
    if len(record.key or b"") > KEY_BYTES_MAX:
        raise UnreadableError("a key that is too long")
    try:
        return read_log_record(
            key=record.key,
            value=record.value,
            headers=record.headers,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp,
        )
    except BadRecordError as error:
        raise UnreadableError(str(error)) from error


def _place(event: Mapping[str, Any] | RowMapping) -> tuple[int, int, int]:
    """Partitions are read in any order: of one second the same event is the newest each time."""
    return event["recorded_at"], event["partition"], event["offset"]


def _event(record: LogRecord, api_version: str) -> Values:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "subject": record.key,
        "kind": record.kind.value,
        "event_id": text_or_none(record.event_id),
        "event_type": text_or_none(record.event_type),
        "object": None,
        "api_version": text_or_none(api_version),
        "created": None,
        "recorded_at": record.timestamp_ms // 1000,
    }
