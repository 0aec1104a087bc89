"""How far each partition is read: moved in one transaction with what was read, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DataError, IntegrityError

from console.read_model.ahead import CHANGELOG, take_outdated
from console.read_model.apply import apply, gone_past
from console.read_model.database import word, writing
from console.read_model.records import Record
from console.read_model.tables import about, not_shown, positions
from console.read_model.writes import Values, delete_keys, insert_new, upsert

REFUSED = (
    DataError,
    IntegrityError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What one record alone may be to blame for, whatever it is: it shall not hold up all others."""


class Place(NamedTuple):
    """A partition of a topic, which is named as in the contract."""

    topic: str
    partition: int


class Move(NamedTuple):
    """From which offset to which a partition was read, and where it ends as far as is known."""

    begin: int | None
    next_offset: int
    end: int | None


class OvertakenError(Exception):
    """Reading must go on elsewhere: another reader has moved the positions, or they were reset."""


def read_positions(engine: Engine) -> dict[Place, int]:
    """How far each partition is read."""
    wanted = select(positions.c.topic, positions.c.partition, positions.c.next_offset)
    with engine.connect() as connection:
        return {Place(topic, partition): at for topic, partition, at in connection.execute(wanted)}


def write_batch(
    engine: Engine, records: Sequence[Record], moves: Mapping[Place, Move], *, now: int
) -> bool:
    """Apply records and move the positions over them; whether some partitions begin anew.

    Those are partitions of the worker's changelog, whose rows newer settings make something else.

    Raises:
        OvertakenError: The positions are not where these records begin; nothing was written.
        NewerRowError: A newer release wrote one of the records; nothing was written.
    """
    with writing(engine) as connection:
        _compare(connection, moves)
        revision = int(word(connection, "revision") or 0) + bool(records)
        _apply(connection, records, revision)
        say(connection, revision=revision, seen_at=now)
        upsert(connection, positions, [_row(place, move, now) for place, move in moves.items()])
        outdated = take_outdated(connection)
        delete_keys(connection, positions, [(CHANGELOG, partition) for partition in outdated])
    return bool(outdated)


def say(connection: Connection, **words: int) -> None:
    """Write what the database says of itself."""
    upsert(connection, about, [{"name": name, "value": str(each)} for name, each in words.items()])


def tidy(engine: Engine) -> None:
    """Let the database count what it has, after much was read at once: it plans by that."""
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _compare(connection: Connection, moves: Mapping[Place, Move]) -> None:
    wanted = select(positions.c.topic, positions.c.partition, positions.c.next_offset)
    there = {Place(topic, partition): at for topic, partition, at in connection.execute(wanted)}
    if any(there.get(place) != move.begin for place, move in moves.items()):
        raise OvertakenError


def _apply(connection: Connection, records: Sequence[Record], revision: int) -> None:
    """Apply all at once; if something in them is refused, one by one, so that it alone is lost."""
    try:
        with connection.begin_nested():
            apply(connection, records, revision)
    except REFUSED:
        for record in records:
            _apply_one(connection, record, revision)


def _apply_one(connection: Connection, record: Record, revision: int) -> None:
    try:
        with connection.begin_nested():
            apply(connection, [record], revision)
    except REFUSED as error:
        reason = f"refused: {type(error).__name__}"
        insert_new(connection, not_shown, [gone_past(record, reason)])


def _row(place: Place, move: Move, now: int) -> Values:
    return {
        "topic": place.topic,
        "partition": place.partition,
        "next_offset": move.next_offset,
        "end_offset": move.end,
        "seen_at": now,
    }
