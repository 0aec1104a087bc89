"""Recorded Stripe events that the package carries; recorded_events/README.md has their origin."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import orjson

FOLDER = Path(__file__).parent / "recorded_events"


def recorded_events() -> Iterator[bytes]:
    """Give every recorded body, in the order of its path, under an id of its own.

    The recordings share 19 ids; posted as they are, most would be dropped as duplicates.
    """
    for path in sorted(FOLDER.rglob("*.json")):
        event = orjson.loads(path.read_bytes())
        name = path.relative_to(FOLDER).as_posix()
        event["id"] = f"evt_rec_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        yield orjson.dumps(event)
