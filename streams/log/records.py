"""Headers of a log record: Kafka's bytes to `LogRecord` and back. Source: docs/contract.md."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.errors import BadRecordError, DeadLetterReason
from schemas.records import Kind, LogRecord

Headers = list[tuple[str, bytes]]

COPIED_FROM = "copied_from"
"""Where a record stood in the log that it was copied from: see streams/copying."""
LOGGED_AT = "logged_at"
"""When it was first appended, ms: Kafka itself knows of a copy only when that was made."""
OF_A_COPY = frozenset({COPIED_FROM, LOGGED_AT})


def is_copied(headers: Iterable[tuple[str, bytes | None]]) -> bool:
    """Whether a record came from another log, whose worker has told what there was to tell."""
    return any(name == COPIED_FROM for name, _ in headers)


def logged_ms(headers: Iterable[tuple[str, bytes | None]], timestamp_ms: int) -> int:
    """When a record was appended, to the first log that had it."""
    first = dict(headers).get(LOGGED_AT) or b""
    return int(first) if first.isdigit() else timestamp_ms


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
        kept = list(headers)
        words = {name: (word or b"").decode() for name, word in kept}
        return LogRecord(
            key=(key or b"").decode(),
            kind=Kind(words["kind"]),
            source=words["source"],
            event_id=words.get("event_id", ""),
            event_type=words.get("event_type", ""),
            value=value or b"",
            partition=partition,
            offset=offset,
            timestamp_ms=logged_ms(kept, timestamp_ms),
            foreign=words.get("foreign"),
        )
    except (KeyError, ValueError) as error:
        raise BadRecordError(
            DeadLetterReason.NOT_OURS, "the record's headers are not those of subfold"
        ) from error
