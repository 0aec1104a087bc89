"""Dead letters, as the read model has them: which there are, why, and what was done about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, tuple_

from console.read_model.tables import dead_letters
from console.read_model.writes import chunks

OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One; `place` is that of its record in the log, as `subfold dlq` names it. Unix seconds."""

    place: str
    subject: str
    reason: str
    detail: str
    event_id: str
    event_type: str
    recorded_at: int
    state: str
    by: str | None
    why: str | None
    closed_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """How many are open for one reason, and since when."""

    reason: str
    letters: int
    oldest_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersPage:
    """Some of them, the newest first; `total` is of all that were asked for."""

    letters: tuple[DeadLetter, ...]
    total: int


def dead_letters_page(
    connection: Connection,
    *,
    state: str | None = OPEN,
    reason: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> DeadLettersPage:
    """Those in a state, or all; of one reason, or of all."""
    chosen = select(dead_letters)
    if state:
        chosen = chosen.where(dead_letters.c.state == state)
    if reason:
        chosen = chosen.where(dead_letters.c.reason == reason)
    total = connection.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    newest = chosen.order_by(
        dead_letters.c.recorded_at.desc(),
        dead_letters.c.partition.desc(),
        dead_letters.c.offset.desc(),
    )
    rows = connection.execute(newest.limit(limit).offset(offset)).mappings()
    names = ("subject", "reason", "detail", "event_id", "event_type", "recorded_at", "state")
    return DeadLettersPage(
        letters=tuple(
            DeadLetter(
                place=f"{row['log_partition']}:{row['log_offset']}",
                by=row["by"],
                why=row["why"],
                closed_at=row["closed_at"],
                **{name: row[name] for name in names},
            )
            for row in rows
        ),
        total=total,
    )


def open_by_reason(connection: Connection) -> list[ReasonCount]:
    """What is open, the reason with most first."""
    count, oldest = func.count(), func.min(dead_letters.c.recorded_at)
    asked = (
        select(dead_letters.c.reason, count, oldest)
        .where(dead_letters.c.state == OPEN)
        .group_by(dead_letters.c.reason)
        .order_by(count.desc(), dead_letters.c.reason)
    )
    return [
        ReasonCount(reason=reason, letters=letters, oldest_at=at)
        for reason, letters, at in connection.execute(asked)
    ]


def counts_by_state(connection: Connection) -> dict[str, int]:
    """How many are in each state."""
    count = func.count().label("letters")
    asked = select(dead_letters.c.state, count).group_by(dead_letters.c.state)
    return {row.state: row.letters for row in connection.execute(asked)}


def failed_again(connection: Connection, written: Sequence[str]) -> tuple[str, ...]:
    """Which of these places of the log, where records were given back to it, are dead letters."""
    places = {tuple(map(int, place.split(":"))) for place in written}
    columns = (dead_letters.c.log_partition, dead_letters.c.log_offset)
    found: list[str] = []
    for some in chunks(sorted(places)):
        asked = select(*columns).where(tuple_(*columns).in_(some)).order_by(*columns)
        found += [f"{partition}:{offset}" for partition, offset in connection.execute(asked)]
    return tuple(found)
