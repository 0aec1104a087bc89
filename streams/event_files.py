"""Finds events in files, folders and standard input: as they are, in lists, or in JSON Lines."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

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
