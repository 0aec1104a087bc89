"""Records of the log: what `stripe.events.v1` keeps for ever, and how its keys are made.

Source: docs/contract.md, "Sources and keys" and "Records of the log".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

NO_CUSTOMER = "-"
"""Stands in a subject for what a body does not name."""


class Kind(StrEnum):
    """What put a record into the log. Stored in a header for ever: never rename."""

    WEBHOOK = "webhook"
    CATCH_UP = "catch_up"
    BACK_FILL = "back_fill"
    ENRICHMENT = "enrichment"
    REPAIR = "repair"
    TICK = "tick"
    SETTINGS = "settings"
    LINK = "link"
    ERASURE = "erasure"
    BROADCAST = "broadcast"


TICK = "tick"
"""Event type of a tick."""


class Subject(NamedTuple):
    """Key of a record and subject of everything made from it, `main/-/live/cus_123` as text."""

    source: str
    account: str
    mode: str
    customer: str

    def __str__(self) -> str:
        """Join the four parts with slashes."""
        return "/".join(self)

    @property
    def livemode(self) -> bool:
        """Whether this is live data; what is made from test data goes to topics under `test.`."""
        return self.mode == "live"

    @classmethod
    def parse(cls, text: str) -> Subject | None:
        """Read a customer's subject; None for any other key (no customer, settings, foreign)."""
        parts = text.split("/")
        if len(parts) != len(cls._fields) or not all(parts):
            return None
        subject = cls(*parts)
        if subject.mode not in {"live", "test"} or subject.customer == NO_CUSTOMER:
            return None
        return subject


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One record of the log as the fold sees it.

    `timestamp_ms` is the broker's append time (of `subfold fold`: the event's own `created`);
    `foreign` says that the door found an account or mode which the source does not have.
    """

    key: str
    kind: Kind
    source: str
    event_id: str
    event_type: str
    value: bytes
    partition: int
    offset: int
    timestamp_ms: int
    foreign: str | None = None

    @property
    def sequence(self) -> str:
        """Position in the log, `000003:0000000000004711`; sorts as text within a partition."""
        return sequence_of(self.partition, self.offset)


def clock_key(subject: str, clock: str) -> str:
    """The key of the records of a test clock that a customer lives by: same source and account."""
    return f"{subject.rsplit('/', 1)[0]}/{NO_CUSTOMER}/{clock}"


def tick_id(subject: str, due_at: int) -> str:
    """The event id of a tick: the same for whoever writes it."""
    return f"{subject}@{due_at}"


def sequence_of(partition: int, offset: int) -> str:
    """A position in the log as text."""
    return f"{partition:06d}:{offset:016d}"
