"""Reads a record of the log: what it says of one customer, or why it can never be folded; pure.

Source: docs/contract.md, "Records of the log".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from schemas.codec import canonical
from schemas.errors import BadRecordError, DeadLetterReason
from schemas.events import Event, TimePassed
from schemas.faults import faults_of
from schemas.records import TICK, Kind, LogRecord, Subject, tick_id
from schemas.settings import SettingsInForce, SettingsRecord
from schemas.times import YEAR_10000
from schemas.wire import events as wire
from streams.clocks import ClockSeen
from streams.fold.clock_times import clock_of, made_time, shown_time
from streams.fold.event_types import BROADCASTS, EVENT_TYPES, FOLDED_EVENTS, Effect
from streams.fold.shapes import EFFECT_OF_OBJECT
from streams.fold.translate import translate, translate_fetched

TICK_AHEAD_S_MAX = 300
EVENT_KINDS = frozenset({Kind.WEBHOOK, Kind.CATCH_UP})
FETCHED_KINDS = frozenset({Kind.BACK_FILL, Kind.ENRICHMENT, Kind.REPAIR})
NEEDS_CUSTOMER = frozenset({Effect.CUSTOMER, Effect.SUBSCRIPTION})
"""What cannot be without one; checkout sessions and invoices can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A record that concerns a row: our event, its identity for ids, and its time.

    `connected_at` is of what was fetched; see `Transition`. Of test data: `clock` is the test clock
    that it shows or ticks by, `shown_at` how far that clock has come at least, `made_at` a time
    that it has passed anyway.
    """

    event: Event
    identity: str
    effective_at: int
    connected_at: int | None = None
    clock: str | None = None
    shown_at: int = 0
    made_at: int = 0


def read_record(record: LogRecord) -> Reading | None:
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


def read_settings(record: LogRecord, former: SettingsInForce) -> SettingsInForce:
    """Read a `settings` record that comes after `former`; an older one changes nothing.

    Raises:
        BadRecordError: `bad_settings`; the partition goes on with what it has.
    """
    try:
        stored = SettingsRecord.model_validate_json(record.value)
    except ValidationError as error:
        raise BadRecordError(DeadLetterReason.BAD_SETTINGS, faults_of(error)) from None
    if stored.version <= former.version:
        return former
    at = record.timestamp_ms // 1000
    return former.followed_by(
        stored.version,
        stored.content,
        at=at,
        announce=stored.announce,
        place=(record.partition, record.offset),
    )


def read_clock(record: LogRecord) -> ClockSeen | None:
    """Read a `broadcast`: what it says of a test clock; None when it is of something else.

    Live data has no test clocks, whatever it says.

    Raises:
        BadRecordError: It can never be read.
    """
    if record.event_type not in BROADCASTS or record.key.split("/")[2:3] != ["test"]:
        return None
    event = _valid(wire.Event, wire.unwrap(_json(record.value)))
    frozen_time = event.data.object.get("frozen_time")
    is_deleted = event.type.endswith(".deleted")
    if frozen_time is None and is_deleted:
        frozen_time = 0  # Stripe may show no more than its id
    if type(frozen_time) is not int or not 0 <= frozen_time < YEAR_10000:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "frozen_time: not a whole number")
    return ClockSeen(
        key=record.key,
        event_id=event.id,
        at=event.created,
        frozen_time=frozen_time,
        is_deleted=is_deleted,
    )


def _is_folded(body: Mapping[str, Any]) -> bool:
    """Whether the body is an event of a type that changes a row."""
    if body.get("object") == wire.THIN:
        return False  # it names what changed and shows nothing
    if body.get("object") == wire.FETCHED:
        _valid(wire.Fetched, body)  # says what is wrong with it, if it is that
    if body.get("object") != wire.SNAPSHOT or not isinstance(body.get("type"), str):
        raise BadRecordError(DeadLetterReason.NOT_AN_EVENT, "object, type: not those of an event")
    return body["type"] in FOLDED_EVENTS


def _read_event(record: LogRecord, body: Mapping[str, Any]) -> Reading | None:
    event = _valid(wire.Event, body)
    subject = Subject.parse(record.key)
    if subject is None:
        if EVENT_TYPES[event.type].effect not in NEEDS_CUSTOMER:
            return None
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "customer: none is named")
    thing = event.data.object
    return Reading(
        event=translate(event, customer=subject.customer),
        identity=f"{event.id}|{event.type}|{thing.get('id')}|{event.api_version or ''}",
        effective_at=event.created,
        clock=clock_of(thing),
        shown_at=shown_time(thing, EVENT_TYPES[event.type].effect),
        made_at=made_time(thing, event.created),
    )


def _read_fetched(record: LogRecord) -> Reading | None:
    fetched = _valid(wire.Fetched, _json(record.value))
    subject = Subject.parse(record.key)
    if subject is None and fetched.customer is None:
        return None
    if subject is None or subject.customer != fetched.customer:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "customer: not the one of the key")
    event = translate_fetched(fetched, customer=subject.customer)
    if event is None:
        return None
    thing, connected_at = fetched.data.object, fetched.connected_at
    if connected_at is None and record.kind is not Kind.ENRICHMENT:
        # An enrichment answers what events left open: without a word it is no older than they.
        connected_at = fetched.fetched_at
    return Reading(
        event=event,
        identity=event.duplicate_key,
        effective_at=fetched.fetched_at,
        connected_at=connected_at,
        clock=clock_of(thing),
        shown_at=shown_time(thing, EFFECT_OF_OBJECT.get(str(thing.get("object")))),
        made_at=made_time(thing, fetched.fetched_at),
    )


def _read_tick(record: LogRecord) -> Reading | None:
    """A tick moves the row's time; one too far ahead of the broker's time is not believed.

    Test clocks stand where they like: whether the row lives by that one is for the fold to say.
    """
    body = _json(record.value)
    due_at, clock = body.get("due_at"), body.get("clock")
    if type(due_at) is not int or not 0 <= due_at < YEAR_10000:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "due_at: not a whole number")
    if clock is not None and not isinstance(clock, str):
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "clock: not an id")
    if clock is None and due_at > record.timestamp_ms // 1000 + TICK_AHEAD_S_MAX:
        return None
    return ticked(due_at, clock)


def tick_value(due_at: int, clock: str | None) -> bytes:
    """The body of a tick: what `read_record` reads."""
    return canonical({"due_at": due_at} | ({"clock": clock} if clock else {}))


def tick_record(subject: str, at: int, clock: str | None) -> LogRecord:
    """A tick as where there is no log: the first record of a first partition."""
    return LogRecord(
        key=subject,
        kind=Kind.TICK,
        source=subject.split("/")[0],
        event_id=tick_id(subject, at),
        event_type=TICK,
        value=tick_value(at, clock),
        partition=0,
        offset=0,
        timestamp_ms=at * 1000,
    )


def ticked(due_at: int, clock: str | None = None) -> Reading:
    """What a tick says."""
    return Reading(
        event=TimePassed(at=due_at), identity=str(due_at), effective_at=due_at, clock=clock
    )


WireT = TypeVar("WireT", wire.Event, wire.Fetched)


def _valid(model: type[WireT], body: Mapping[str, Any]) -> WireT:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise BadRecordError(DeadLetterReason.NOT_AN_EVENT, faults_of(error)) from None


def _json(value: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise BadRecordError(DeadLetterReason.NOT_JSON, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise BadRecordError(DeadLetterReason.NOT_JSON, "the body is no JSON object")
    return body
