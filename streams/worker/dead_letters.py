"""Dead letters: the record whole, and why it could not be folded, in Kafka Connect's words.

Source: Apache Kafka, KIP-298 and `DeadLetterQueueReporter`; `reason` is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.errors import BadRecordError, DeadLetterReason

PREFIX = "__connect.errors."
STAGE = "TRANSFORMATION"
CLASS = "streams.pipeline"
ADDED = (
    f"{PREFIX}topic",
    f"{PREFIX}partition",
    f"{PREFIX}offset",
    f"{PREFIX}stage",
    f"{PREFIX}class.name",
    f"{PREFIX}exception.class.name",
    f"{PREFIX}exception.message",
    "reason",
)
"""Headers of a letter, in this order behind those of its record."""


class FetchedRecord(Protocol):
    """What Kafka delivered; an aiokafka `ConsumerRecord` is one."""

    @property
    def topic(self) -> str: ...  # noqa: D102 - the names say it
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...  # noqa: D102


Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that can never be folded, as it goes into its topic."""

    reason: DeadLetterReason
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def dead_letter(record: FetchedRecord, error: Exception) -> DeadLetter:
    """Keep key, value and headers as they were, and add where it was and what is wrong.

    Args:
        record: As it was fetched.
        error: A `BadRecordError` says in words what is wrong. Of any other, which is a bug of ours,
            only the class is told: its message may hold values.
    """
    bad = error if isinstance(error, BadRecordError) else None
    reason = bad.reason if bad else DeadLetterReason.BUG
    words = (
        record.topic,
        str(record.partition),
        str(record.offset),
        STAGE,
        CLASS,
        f"{type(error).__module__}.{type(error).__qualname__}",
        str(bad) if bad else "",
        reason.value,
    )
    return DeadLetter(
        reason=reason,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=[
            *record.headers,
            *((name, word.encode()) for name, word in zip(ADDED, words, strict=True)),
        ],
    )
