"""The pure path of one record: `(row, record, settings) -> (row, updates, outcome)`.

Shared by the worker, `subfold fold` and whatever rebuilds or rehearses. Calls nobody, reads no
clock, never raises for what a record holds. Source: docs/contract.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson
from pydantic import ValidationError

from projections import project
from projections.contact import contact_of
from schemas import wire
from schemas.errors import BadRecordError, DeadLetterReason
from schemas.events import Event, TimePassed
from schemas.records import Kind, LogRecord, Subject
from schemas.rows import FOLD_VERSION, Announced, Facts, Row
from schemas.settings import SettingsInForce, SettingsRecord
from schemas.times import iso, iso_ms
from schemas.transitions import Transition
from schemas.updates import Cause, ContactRef, Envelope
from streams.customer_row import customer_row
from streams.fold.evolve import evolve, is_duplicate
from streams.fold.translate import FOLDED_EVENTS, translate

TICK_AHEAD_S_MAX = 300
YEAR_10000 = 253_402_300_800
ORIGINS = {
    Kind.WEBHOOK: "live",
    Kind.TICK: "live",
    Kind.CATCH_UP: "catch_up",
    Kind.BACK_FILL: "back_fill",
    Kind.REPAIR: "repair",
}
EVENT_KINDS = frozenset({Kind.WEBHOOK, Kind.CATCH_UP})


class Outcome(StrEnum):
    """Where a record ended: in exactly one of these."""

    FOLDED = "folded"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one record did. `row` is None when it touches none; `error` is why a letter is dead."""

    outcome: Outcome
    row: Row | None = None
    updates: tuple[Envelope, ...] = ()
    error: BadRecordError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A record that concerns a row: our event, its identity for ids, and its time."""

    event: Event
    identity: str
    effective_at: int


def step(row: Row | None, record: LogRecord, settings: SettingsInForce) -> Step:
    """Fold one record into its customer's row and say what there is to tell."""
    try:
        reading = _read(record)
    except BadRecordError as error:
        return Step(outcome=Outcome.DEAD_LETTERED, error=error)
    subject = Subject.parse(record.key)
    if reading is None or subject is None:
        return Step(outcome=Outcome.IGNORED)
    before = row or Row(subject=record.key, facts=Facts(), announced=Announced())
    duplicate = is_duplicate(before.facts, reading.event)
    facts = evolve(before.facts, reading.event)
    transition = Transition(
        before=before.facts,
        after=facts,
        announced=before.announced,
        settings=settings.content,
        effective_at=reading.effective_at,
        common=_common(record, reading, facts, subject, settings),
    )
    announced, told = project(transition)
    return Step(
        outcome=Outcome.DUPLICATE if duplicate else Outcome.FOLDED,
        row=Row(
            subject=record.key,
            facts=facts,
            announced=replace(announced, settings_version=settings.version),
        ),
        updates=tuple(
            Envelope.of(
                data,
                subject=record.key,
                kind=record.kind.value,
                # A redelivery under newer rules, or in another shape, may tell something else.
                identity=f"{reading.identity}|{settings.version}",
            )
            for data in told
        ),
    )


def read_settings(record: LogRecord) -> SettingsInForce:
    """Read a `settings` record.

    Raises:
        BadRecordError: `bad_settings`; the partition goes on with what it has.
    """
    try:
        stored = SettingsRecord.model_validate_json(record.value)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:5])
        raise BadRecordError(DeadLetterReason.BAD_SETTINGS, places or "no JSON") from None
    return SettingsInForce(version=stored.version, content=stored.content)


def row_for_readers(row: Row, settings: SettingsInForce) -> bytes:
    """The value of `billing.customers.v1`."""
    return customer_row(row, settings).model_dump_json().encode()


def _read(record: LogRecord) -> _Reading | None:
    """Read what a record says; None when it is of a kind or type that is not folded.

    Raises:
        BadRecordError: It can never be folded.
    """
    if record.foreign:
        raise BadRecordError(
            DeadLetterReason.FOREIGN_ACCOUNT, f"{record.foreign}: not one of the source's"
        )
    if record.kind is Kind.TICK:
        return _read_tick(record)
    if record.kind not in EVENT_KINDS:
        return None
    body = _json(record.value)
    return _read_event(record, body) if _is_folded(body) else None


def _is_folded(body: dict[str, Any]) -> bool:
    """Whether the body is an event of a type that changes a row."""
    if body.get("object") == "v2.core.event":
        return False  # thin: it names what changed and shows nothing
    if body.get("object") != "event" or not isinstance(body.get("type"), str):
        raise BadRecordError(DeadLetterReason.NOT_AN_EVENT, "object, type: not those of an event")
    return body["type"] in FOLDED_EVENTS


def _read_event(record: LogRecord, body: dict[str, Any]) -> _Reading:
    try:
        event = wire.Event.model_validate(body)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:5])
        raise BadRecordError(DeadLetterReason.NOT_AN_EVENT, places) from None
    subject = Subject.parse(record.key)
    if subject is None:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "customer: none is named")
    object_id = event.data.object.get("id")
    return _Reading(
        event=translate(event, customer=subject.customer),
        identity=f"{event.id}|{event.type}|{object_id}|{event.api_version or ''}",
        effective_at=event.created,
    )


def _read_tick(record: LogRecord) -> _Reading | None:
    """A tick moves the row's time; one too far ahead of the broker's time is not believed."""
    due_at = _json(record.value).get("due_at")
    if type(due_at) is not int or not 0 <= due_at < YEAR_10000:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "due_at: not a whole number")
    if due_at > record.timestamp_ms // 1000 + TICK_AHEAD_S_MAX:
        return None
    return _Reading(event=TimePassed(at=due_at), identity=str(due_at), effective_at=due_at)


def _json(value: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise BadRecordError(DeadLetterReason.NOT_JSON, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise BadRecordError(DeadLetterReason.NOT_JSON, "the body is no JSON object")
    return body


def _common(
    record: LogRecord,
    reading: _Reading,
    facts: Facts,
    subject: Subject,
    settings: SettingsInForce,
) -> dict[str, Any]:
    contact = contact_of(facts, subject.customer, settings.content.contact)
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
