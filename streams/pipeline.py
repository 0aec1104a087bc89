"""The pure path of one record: `(row, record, settings) -> (row, updates, outcome)`.

Shared by the worker, `subfold fold` and whatever rebuilds or rehearses. Calls nobody, reads no
clock, never raises for what a record holds. Source: docs/contract.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from projections import project
from projections.deletion import with_customer_deleted
from projections.due import next_due
from projections.stage import unknown_statuses
from projections.standing import standing_of
from schemas.codec import encode_row
from schemas.errors import BadRecordError, DeadLetterReason
from schemas.events import ObjectsSeen
from schemas.records import TICK, Kind, LogRecord, Subject, clock_key, tick_id
from schemas.rows import Announced, Facts, Row
from schemas.settings import SettingsInForce
from schemas.standing import Standing
from schemas.transitions import Transition
from schemas.updates import Envelope
from streams.clocks import NO_CLOCKS, Clocks, ClockState
from streams.customer_row import customer_row
from streams.fold.evolve import evolve, is_duplicate
from streams.reading import Reading, read_record, ticked
from streams.restating import is_older, resettled
from streams.telling import common_of

ROW_BYTES_MAX = 512 * 1024
KNOWN_BYTES_MAX = 768 * 1024
"""What a row may grow to by records of subscriptions that it has: their ends are never refused."""


class Outcome(StrEnum):
    """Where a record ended: in exactly one of these."""

    FOLDED = "folded"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one record did. `row` is None when it touches none; `error` is why a letter is dead.

    `stored` is the row as bytes, as it stands in the changelog; `standing` what it means.
    `unknown_statuses` are new on this row, named by no stage rule, and none that Stripe had.
    """

    outcome: Outcome
    row: Row | None = None
    stored: bytes = b""
    standing: Standing | None = None
    updates: tuple[Envelope, ...] = ()
    error: BadRecordError | None = None
    unknown_statuses: tuple[str, ...] = ()


def step(
    row: Row | None,
    record: LogRecord,
    settings: SettingsInForce,
    clocks: Clocks = NO_CLOCKS,
) -> Step:
    """Fold one record into its customer's row and say what there is to tell.

    What newer settings say otherwise comes first, then what was due before it, as if the clock had
    ticked: whether the tick or the record was written first then makes no difference. `clocks` are
    the test clocks heard of before it.
    """
    try:
        reading = read_record(record)
        subject = Subject.parse(record.key)
        if reading is None or subject is None:
            return Step(outcome=Outcome.IGNORED)
        before = row or Row(subject=record.key, facts=Facts(), announced=Announced())
        if record.kind is Kind.TICK:
            return _ticked(before, record, reading, settings)
        reached = reading.effective_at
        if not subject.livemode:
            before = _with_clock(before, reading.clock)
        if before.clock:
            state = clocks.get(clock_key(record.key, before.clock))
            reading = _by_clock(reading, state)
            reached = max(reading.effective_at, state.frozen_time)
        return _folded(before, record, reading, reached, settings)
    except BadRecordError as error:
        return Step(outcome=Outcome.DEAD_LETTERED, error=error)


def _ticked(row: Row, record: LogRecord, reading: Reading, settings: SettingsInForce) -> Step:
    """Only the clock that the row lives by moves it: ours, or that test clock of Stripe's."""
    if reading.clock != row.clock:
        return Step(outcome=Outcome.IGNORED)
    if reading.effective_at <= row.facts.at:
        return Step(outcome=Outcome.DUPLICATE)
    return _folded(row, record, reading, reading.effective_at, settings)


def _with_clock(row: Row, shown: str | None) -> Row:
    """A row with the test clock that it lives by: once it was seen, for good."""
    profile = row.facts.profile
    clock = row.clock or (profile.test_clock if profile else None) or shown
    if clock == row.clock:
        return row
    # Until now it was told by real time, which is none of the clock's.
    facts = replace(row.facts, at=0, active_at=0, first_seen_at=None)
    return replace(row, clock=clock, facts=facts)


def _by_clock(reading: Reading, state: ClockState) -> Reading:
    """Say when it happened by the test clock: Stripe's `created` is real time, the clock's is not.

    It was where it had last arrived, or as far on its way as the object shows.
    """
    at = max(state.showed(reading.effective_at), reading.shown_at) or reading.made_at
    event = reading.event
    if isinstance(event, ObjectsSeen):
        event = replace(event, clock_at=at)
    return replace(reading, event=event, effective_at=at)


def _folded(
    before: Row, record: LogRecord, reading: Reading, reached: int, settings: SettingsInForce
) -> Step:
    """Let time pass to where it is `reached`, then fold the record."""
    row, told, restated = before, list[Envelope](), tuple[Envelope, ...]()
    if is_older(row, settings):
        row, restated = resettled(row, settings)
    # A tick is itself what lets that very moment come.
    until = reached - 1 if record.kind is Kind.TICK else reached
    while (due_at := due_at_of(row, settings)) is not None and due_at <= until:
        tick = replace(
            record, kind=Kind.TICK, event_id=tick_id(record.key, due_at), event_type=TICK
        )
        row, _, updates = _moved(row, tick, ticked(due_at), settings)
        told += updates
    row, standing, updates = _moved(row, record, reading, settings)
    told += updates
    stored = encode_row(row)
    brings_one = len(row.facts.subscriptions) > len(before.facts.subscriptions)
    if len(stored) > (ROW_BYTES_MAX if brings_one else KNOWN_BYTES_MAX):
        raise BadRecordError(DeadLetterReason.ROW_TOO_LARGE, "the row would be too large")
    had = {entry.now.status for entry in before.facts.subscriptions.values()}
    is_known = is_duplicate(before.facts, reading.event)
    return Step(
        outcome=Outcome.DUPLICATE if is_known else Outcome.FOLDED,
        row=row,
        stored=stored,
        standing=standing,
        # Ids are made as if each tick stood alone; the place is that within the record.
        updates=(*restated, *(each.placed(index) for index, each in enumerate(told))),
        unknown_statuses=tuple(set(unknown_statuses(standing.stages)) - had),
    )


def _moved(
    row: Row, record: LogRecord, reading: Reading, settings: SettingsInForce
) -> tuple[Row, Standing, list[Envelope]]:
    subject = Subject(*record.key.split("/"))
    facts = evolve(row.facts, reading.event)
    seen = with_customer_deleted(facts)
    standing = standing_of(seen, subject.customer, settings.content)
    transition = Transition(
        before=with_customer_deleted(row.facts),
        after=seen,
        announced=row.announced,
        subject=record.key,
        in_force=settings,
        standing=standing,
        effective_at=reading.effective_at,
        connected_at=reading.connected_at,
        now=max(row.facts.at if row.clock else record.timestamp_ms // 1000, reading.effective_at),
        clock=row.clock,
        common=common_of(record, reading, standing, subject, settings),
    )
    announced, told = project(transition)
    moved = Row(
        subject=record.key,
        facts=facts,
        announced=replace(announced, settings_version=settings.version),
        due_at=next_due(facts, settings.content),
        clock=row.clock,
    )
    # A redelivery under newer rules, or in another shape, may tell something else.
    identity = f"{reading.identity}|{settings.version}"
    updates = [
        Envelope.of(data, subject=record.key, kind=record.kind.value, identity=identity)
        for data in told
    ]
    return moved, standing, updates


def due_at_of(row: Row, settings: SettingsInForce) -> int | None:
    """When the row next means something else, under the settings in force."""
    if row.announced.settings_version == settings.version:
        return row.due_at
    return next_due(row.facts, settings.content)


def row_for_readers(row: Row, settings: SettingsInForce, standing: Standing | None = None) -> bytes:
    """The value of `billing.customers.v1`; `standing` is what `step` found it to mean."""
    return customer_row(row, settings, standing).model_dump_json().encode()
