"""The pipeline over files: what `subfold fold` does, and the demo's judge.

Partition 0; the offset is the number of the input line over all files; `recorded_at` is the event's
`created`. Source: docs/contract.md, "`subfold fold`".
"""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from schemas.codec import canonical
from schemas.records import Kind, LogRecord
from schemas.rows import Row
from schemas.settings import SettingsInForce
from schemas.times import YEAR_10000
from schemas.updates import Envelope
from schemas.wire.events import FETCHED, Fetched, unwrap
from streams.customer_row import customer_row
from streams.ingest.keys import read_envelope
from streams.pipeline import Outcome, step
from streams.settings import Source

OPEN_SOURCE = Source(accounts=("*",), livemode=True, test=True)
"""Files come from who runs the command: nothing in them is foreign."""
SUFFIXES = (".json", ".jsonl", ".ndjson")
"""Files of events in a folder; a file that is named itself may be called anything."""
LISTS = frozenset({"list", "search_result"})
"""Objects of Stripe's API that are pages of others, under `data`."""
COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")
"""How gzip, zip and zstd begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One event as bytes and where it stands, or why it could not be read."""

    place: str
    body: bytes = b""
    fault: str | None = None


@dataclass(slots=True, kw_only=True)
class Folding:
    """Rows of all customers while files are folded; the only state is here."""

    settings: SettingsInForce
    source: str
    rows: dict[str, Row] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    unreadable: int = 0
    offset: int = 0

    def run(self, inputs: Iterable[Found], *, until: int | None = None) -> Iterator[Envelope]:
        """Fold all inputs, then let time pass for every customer."""
        for found in inputs:
            yield from self.take(found)
        if until is not None:
            yield from self.pass_time(until)

    def take(self, found: Found) -> Iterator[Envelope]:
        """Fold one event; what is wrong with it becomes a complaint and is not fatal."""
        if found.fault:
            self.unreadable += 1
            self.complaints.append(f"{found.place}: {found.fault}")
            return
        record = _fetched(found.body, self.source, self.offset) or _webhook(
            found.body, self.source, self.offset
        )
        self.offset += 1
        yield from self._step(record, found.place)

    def pass_time(self, at: int) -> Iterator[Envelope]:
        """Give every customer a tick at this time."""
        for key in sorted(self.rows):
            record = LogRecord(
                key=key,
                kind=Kind.TICK,
                source=self.source,
                event_id=f"{key}@{at}",
                event_type="tick",
                value=canonical({"due_at": at}),
                partition=0,
                offset=self.offset,
                timestamp_ms=at * 1000,
            )
            self.offset += 1
            yield from self._step(record, "--at")

    def state(self, *, announced: bool) -> Iterator[dict[str, Any]]:
        """One row per customer, in order of subject."""
        for key in sorted(self.rows):
            line = customer_row(self.rows[key], self.settings).model_dump(mode="json")
            if announced:
                line["announced"] = self.rows[key].announced
            yield line

    def summary(self) -> str:
        """Account for every event read."""
        counts = ", ".join(f"{self.outcomes[outcome]} {outcome}" for outcome in Outcome)
        types = ", ".join(f"{name} {count}" for name, count in self.ignored.most_common())
        lines = [f"{self.offset} records: {counts}; {self.unreadable} unreadable"]
        return "\n".join([*lines, *([f"ignored by type: {types}"] if types else [])])

    def _step(self, record: LogRecord, place: str) -> Iterator[Envelope]:
        done = step(self.rows.get(record.key), record, self.settings)
        self.outcomes[done.outcome] += 1
        if done.outcome is Outcome.IGNORED:
            self.ignored[record.event_type or "(none)"] += 1
        if done.error:
            named = f"{place}: {record.event_id}" if record.event_id else place
            self.complaints.append(f"{named}: dead letter: {done.error.reason}: {done.error}")
        if done.row:
            self.rows[record.key] = done.row
        yield from done.updates


def read_inputs(paths: Iterable[str]) -> Iterator[Found]:
    """Find the events in files, folders (in sorted path order) and standard input (`-`)."""
    for path in paths:
        if path == "-":
            yield from _read_text("stdin", sys.stdin.buffer.read())
            continue
        root = Path(path)
        for file in sorted(_event_files(root)) if root.is_dir() else [root]:
            try:
                data = file.read_bytes()
            except OSError as error:
                yield Found(place=str(file), fault=f"cannot be read: {error.strerror}")
                continue
            yield from _read_text(str(file), data)


def folders_without_events(paths: Iterable[str]) -> Iterator[str]:
    """Name the folders in which nothing would be found."""
    for path in paths:
        folder = Path(path)
        if folder.is_dir() and not any(_event_files(folder)):
            yield path


def _webhook(body: bytes, source: str, offset: int) -> LogRecord:
    about = read_envelope(body, source, OPEN_SOURCE)
    return LogRecord(
        key=about.key,
        kind=Kind.WEBHOOK,
        source=source,
        event_id=about.event_id,
        event_type=about.event_type,
        value=body,
        partition=0,
        offset=offset,
        timestamp_ms=_created(body) * 1000,
    )


def _fetched(body: bytes, source: str, offset: int) -> LogRecord | None:
    """A line that subfold fetched itself; None for anything else, and for a broken one."""
    if FETCHED.encode() not in body:
        return None
    try:
        fetched = Fetched.model_validate_json(body)
    except ValidationError:
        return None
    thing = fetched.data.object
    return LogRecord(
        key=str(fetched.subject(source)),
        kind=Kind(fetched.kind),
        source=source,
        event_id=f"{thing.get('id')}@{fetched.fetched_at}",
        event_type=f"fetched.{thing.get('object')}",
        value=body,
        partition=0,
        offset=offset,
        timestamp_ms=fetched.fetched_at * 1000,
    )


def _created(body: bytes) -> int:
    """The event's own time stands in for the broker's; 0 where there is none to read."""
    try:
        created = unwrap(orjson.loads(body))["created"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return 0
    return created if isinstance(created, int) and 0 <= created < YEAR_10000 else 0


def _event_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.suffix in SUFFIXES and path.is_file():
            yield path


def _read_text(place: str, data: bytes) -> Iterator[Found]:
    """A file is one event, a list of events as such or as Stripe prints it, or JSON Lines."""
    if data.startswith(COMPRESSED):
        yield Found(place=place, fault="compressed: unpack it first")
        return
    data = data.removeprefix(BOM_UTF8)
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError:
        yield from _read_lines(place, data)
        return
    yield from (
        _read_list(place, whole) if isinstance(whole, list) else _read_one(place, whole, data)
    )


def _read_lines(place: str, data: bytes) -> Iterator[Found]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Found(place=f"{place}:{number}", fault=f"not JSON: {error.msg}")
            continue
        if isinstance(event, dict):
            yield from _read_one(f"{place}:{number}", event, line)
        else:
            yield Found(place=f"{place}:{number}", fault="not a JSON object")


def _read_one(place: str, thing: Any, data: bytes) -> Iterator[Found]:
    """What stands for itself; a list of the API's stands for its members."""
    is_list = isinstance(thing, dict) and thing.get("object") in LISTS
    members = thing.get("data") if is_list else None
    if isinstance(members, list):
        yield from _read_list(place, members)
    else:
        yield Found(place=place, body=data)


def _read_list(place: str, members: list[Any]) -> Iterator[Found]:
    for number, member in enumerate(members, 1):
        try:
            yield Found(place=f"{place}[{number}]", body=orjson.dumps(member))
        except orjson.JSONEncodeError:  # it reads deeper than it writes
            yield Found(place=f"{place}[{number}]", fault="nested too deeply")
