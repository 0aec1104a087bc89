"""The pure path of one record: `(row, record, settings) -> (row, updates, outcome)`.

Shared by the worker, `subfold fold` and whatever rebuilds or rehearses. Calls nobody, reads no
clock, never raises for what a record holds. Source: docs/contract.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from projections import project
from projections.deletion import with_customer_deleted
from projections.stage import unknown_statuses
from projections.standing import standing_of
from schemas.codec import encode_row
from schemas.errors import BadRecordError, DeadLetterReason
from schemas.events import Event, TimePassed
from schemas.records import Kind, LogRecord, Subject
from schemas.rows import FOLD_VERSION, Announced, Facts, Row
from schemas.settings import SettingsInForce, SettingsRecord
from schemas.standing import Standing
from schemas.times import iso, iso_ms
from schemas.transitions import Transition
from schemas.updates import Cause, ContactRef, Envelope
from schemas.wire import events as wire
from streams.customer_row import customer_row
from streams.fold.event_types import EVENT_TYPES, FOLDED_EVENTS, Effect
from streams.fold.evolve import evolve, is_duplicate
from streams.fold.translate import translate, translate_fetched

ROW_BYTES_MAX = 512 * 1024
TICK_AHEAD_S_MAX = 300
YEAR_10000 = 253_402_300_800
ORIGINS = {
    Kind.WEBHOOK: "live",
    Kind.TICK: "live",
    Kind.ENRICHMENT: "live",
    Kind.CATCH_UP: "catch_up",
    Kind.BACK_FILL: "back_fill",
    Kind.REPAIR: "repair",
}
EVENT_KINDS = frozenset({Kind.WEBHOOK, Kind.CATCH_UP})
FETCHED_KINDS = frozenset({Kind.BACK_FILL, Kind.ENRICHMENT, Kind.REPAIR})
NEEDS_CUSTOMER = frozenset({Effect.CUSTOMER, Effect.SUBSCRIPTION})
"""What cannot be without one; checkout sessions and invoices can."""


class Outcome(StrEnum):
    """Where a record ended: in exactly one of these."""

    FOLDED = "folded"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one record did. `row` is None when it touches none; `error` is why a letter is dead.

    `unknown_statuses` are new on this row, named by no stage rule, and none that Stripe had.
    """

    outcome: Outcome
    row: Row | None = None
    updates: tuple[Envelope, ...] = ()
    error: BadRecordError | None = None
    unknown_statuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A record that concerns a row: our event, its identity for ids, and its time.

    `connected_at` is of what was fetched; see `Transition`.
    """

    event: Event
    identity: str
    effective_at: int
    connected_at: int | None = None


def step(row: Row | None, record: LogRecord, settings: SettingsInForce) -> Step:
    """Fold one record into its customer's row and say what there is to tell."""
    try:
        reading = _read(record)
        subject = Subject.parse(record.key)
        if reading is None or subject is None:
            return Step(outcome=Outcome.IGNORED)
        before = row or Row(subject=record.key, facts=Facts(), announced=Announced())
        return _folded(before, record, reading, subject, settings)
    except BadRecordError as error:
        return Step(outcome=Outcome.DEAD_LETTERED, error=error)


def _folded(
    before: Row, record: LogRecord, reading: _Reading, subject: Subject, settings: SettingsInForce
) -> Step:
    facts = evolve(before.facts, reading.event)
    seen = with_customer_deleted(facts)
    standing = standing_of(seen, subject.customer, settings.content)
    transition = Transition(
        before=with_customer_deleted(before.facts),
        after=seen,
        announced=before.announced,
        settings=settings.content,
        standing=standing,
        effective_at=reading.effective_at,
        connected_at=reading.connected_at,
        common=_common(record, reading, standing, subject, settings),
    )
    announced, told = project(transition)
    row = Row(
        subject=record.key,
        facts=facts,
        announced=replace(announced, settings_version=settings.version),
    )
    if len(encode_row(row)) > ROW_BYTES_MAX:
        raise BadRecordError(DeadLetterReason.ROW_TOO_LARGE, "the row would be too large")
    had = {entry.now.status for entry in before.facts.subscriptions.values()}
    is_known = is_duplicate(before.facts, reading.event)
    return Step(
        outcome=Outcome.DUPLICATE if is_known else Outcome.FOLDED,
        row=row,
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
        unknown_statuses=tuple(set(unknown_statuses(standing.stages)) - had),
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
    if record.kind in FETCHED_KINDS:
        return _read_fetched(record)
    if record.kind not in EVENT_KINDS:
        return None
    body = wire.unwrap(_json(record.value))
    return _read_event(record, body) if _is_folded(body) else None


def _is_folded(body: Mapping[str, Any]) -> bool:
    """Whether the body is an event of a type that changes a row."""
    if body.get("object") == wire.THIN:
        return False  # it names what changed and shows nothing
    if body.get("object") == wire.FETCHED:
        _valid(wire.Fetched, body)  # says what is wrong with it, if it is that
    if body.get("object") != wire.SNAPSHOT or not isinstance(body.get("type"), str):
        raise BadRecordError(DeadLetterReason.NOT_AN_EVENT, "object, type: not those of an event")
    return body["type"] in FOLDED_EVENTS


def _read_event(record: LogRecord, body: Mapping[str, Any]) -> _Reading | None:
    event = _valid(wire.Event, body)
    subject = Subject.parse(record.key)
    if subject is None:
        if EVENT_TYPES[event.type].effect not in NEEDS_CUSTOMER:
            return None
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "customer: none is named")
    object_id = event.data.object.get("id")
    return _Reading(
        event=translate(event, customer=subject.customer),
        identity=f"{event.id}|{event.type}|{object_id}|{event.api_version or ''}",
        effective_at=event.created,
    )


def _read_fetched(record: LogRecord) -> _Reading | None:
    fetched = _valid(wire.Fetched, _json(record.value))
    subject = Subject.parse(record.key)
    if subject is None or subject.customer != fetched.customer:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "customer: not the one of the key")
    event = translate_fetched(fetched, customer=subject.customer)
    if event is None:
        return None
    connected_at = fetched.connected_at
    if connected_at is None and record.kind is not Kind.ENRICHMENT:
        # An enrichment answers what events left open: without a word it is no older than they.
        connected_at = fetched.fetched_at
    return _Reading(
        event=event,
        identity=event.duplicate_key,
        effective_at=fetched.fetched_at,
        connected_at=connected_at,
    )


def _read_tick(record: LogRecord) -> _Reading | None:
    """A tick moves the row's time; one too far ahead of the broker's time is not believed."""
    due_at = _json(record.value).get("due_at")
    if type(due_at) is not int or not 0 <= due_at < YEAR_10000:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "due_at: not a whole number")
    if due_at > record.timestamp_ms // 1000 + TICK_AHEAD_S_MAX:
        return None
    return _Reading(event=TimePassed(at=due_at), identity=str(due_at), effective_at=due_at)


WireT = TypeVar("WireT", wire.Event, wire.Fetched)


def _valid(model: type[WireT], body: Mapping[str, Any]) -> WireT:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:5])
        raise BadRecordError(DeadLetterReason.NOT_AN_EVENT, places) from None


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
    standing: Standing,
    subject: Subject,
    settings: SettingsInForce,
) -> dict[str, Any]:
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
