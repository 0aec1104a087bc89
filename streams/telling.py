"""What all updates of one cause share; pure. Source: docs/contract.md, "Updates"."""

from __future__ import annotations

from typing import Any

from schemas.records import Kind, LogRecord, Subject
from schemas.rows import FOLD_VERSION
from schemas.settings import SettingsInForce
from schemas.standing import Standing
from schemas.times import iso, iso_ms
from schemas.updates import Cause, ContactRef
from streams.reading import Reading

ORIGINS = {
    Kind.WEBHOOK: "live",
    Kind.TICK: "live",
    Kind.ENRICHMENT: "live",
    Kind.CATCH_UP: "catch_up",
    Kind.BACK_FILL: "back_fill",
    Kind.REPAIR: "repair",
    Kind.SETTINGS: "settings",
}


def common_of(
    record: LogRecord,
    reading: Reading,
    standing: Standing,
    subject: Subject,
    settings: SettingsInForce,
) -> dict[str, Any]:
    """What all updates of a record share, but for their place within it."""
    contact = standing.contact
    found = contact if isinstance(contact, ContactRef) else None
    return {
        "sequence": record.sequence,
        "cause": Cause(
            kind=record.kind.value, event_id=record.event_id, event_type=record.event_type
        ),
        "effective_at": iso(reading.effective_at),
        "recorded_at": iso_ms(record.timestamp_ms),
        "settings_version": settings.version,
        "fold_version": FOLD_VERSION,
        "origin": ORIGINS[record.kind],
        "livemode": subject.livemode,
        "contact": found,
        "contact_reason": None if found else contact,
        "customer": subject.customer,
    }
