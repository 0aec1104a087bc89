"""Headers of a log record: Kafka's bytes to `LogRecord` and back. Source: docs/contract.md."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.errors import BadRecordError, DeadLetterReason
from schemas.records import Kind, LogRecord

Headers = list[tuple[str, bytes]]


def log_headers(
    *,
    kind: Kind,
    source: str,
    event_id: str,
    event_type: str,
    api_version: str,
    received_at_ms: int,
    foreign: str | None = None,
) -> Headers:
    """Headers of a record of the log, all strings; what is not known is empty."""
    words = {
        "kind": kind.value,
        "encoding": "json",
        "source": source,
        "event_id": event_id,
        "event_type": event_type,
        "api_version": api_version,
        "received_at": str(received_at_ms),
    }
    if foreign:
        words["foreign"] = foreign
    return [(name, word.encode()) for name, word in words.items()]


def read_log_record(
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
    partition: int,
    offset: int,
    timestamp_ms: int,
) -> LogRecord:
    """Read what Kafka delivered.

    Raises:
        BadRecordError: `not_ours`, when it was not written by subfold.
    """
    try:
        words = {name: (word or b"").decode() for name, word in headers}
        return LogRecord(
            key=(key or b"").decode(),
            kind=Kind(words["kind"]),
            source=words["source"],
            event_id=words.get("event_id", ""),
            event_type=words.get("event_type", ""),
            value=value or b"",
            partition=partition,
            offset=offset,
            timestamp_ms=timestamp_ms,
            foreign=words.get("foreign"),
        )
    except (KeyError, ValueError) as error:
        raise BadRecordError(
            DeadLetterReason.NOT_OURS, "the record's headers are not those of subfold"
        ) from error
