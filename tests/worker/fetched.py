"""Records as Kafka delivers them, and rows as a partition holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from build import START, SUBJECT
from schemas.records import Kind
from schemas.rows import Row
from schemas.settings import BusinessSettings, SettingsRecord
from streams.log.records import log_headers
from streams.worker.batch import Folded


@dataclass(frozen=True, kw_only=True)
class Fetched:
    topic: str = "stripe.events.v1"
    partition: int = 3
    offset: int = 0
    timestamp: int = START * 1000
    key: bytes | None = SUBJECT.encode()
    value: bytes | None = b""
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass
class ListRows:
    """Rows of a partition, with what was committed to it."""

    rows: dict[bytes, Row] = field(default_factory=dict)
    bytes_: dict[bytes, bytes] = field(default_factory=dict)

    def row(self, key: bytes) -> Row | None:
        return self.rows.get(key)

    def stored(self, key: bytes) -> bytes | None:
        return self.bytes_.get(key)

    def commit(self, folded: Folded) -> None:
        self.rows.update(folded.rows)
        self.bytes_.update(folded.stored)


def headers(kind: Kind = Kind.WEBHOOK, event_id: str = "evt_1") -> tuple[tuple[str, bytes], ...]:
    return tuple(
        log_headers(
            kind=kind,
            source="main",
            event_id=event_id,
            event_type="",
            api_version="",
            received_at_ms=START * 1000,
        )
    )


def fetched(body: Mapping[str, Any] | bytes | None, offset: int = 0, **more: Any) -> Fetched:
    """A webhook record of ANA, unless more is said."""
    value = orjson.dumps(body) if isinstance(body, Mapping) else body
    return Fetched(value=value, offset=offset, **({"headers": headers()} | more))


def settings_record(version: int, content: BusinessSettings, offset: int = 0) -> Fetched:
    value = SettingsRecord(
        version=version, hash=content.content_hash(), applied_by="a test", content=content
    )
    return Fetched(
        key=b"-/-/-/settings",
        value=value.model_dump_json().encode(),
        offset=offset,
        headers=headers(Kind.SETTINGS, f"settings:{version}"),
    )
