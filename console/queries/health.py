"""What the read model itself says of health: freshness, versions, sources, what it cannot show."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from console.queries.settings import in_force
from console.queries.shell import around
from console.read_model.log_tables import newest_events
from console.read_model.tables import about, dead_letters, not_shown, source_states
from schemas.rows import FOLD_VERSION
from schemas.wire.events import API_VERSION
from streams.log.topics import LOG
from streams.source.status import SourceStatus, source_statuses

NAMED_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How new things are. Unix seconds; None before they came.

    Attributes:
        read_at: When the topics were read last.
        event_at: When the newest webhook of this mode was appended to the log.
        event_created: When Stripe made it.
    """

    read_at: int | None
    event_at: int | None
    event_type: str | None
    event_created: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Which versions are at work. `cluster` is Kafka's own id; `read_model` the shape of tables."""

    subfold: str
    fold: int
    settings: int
    stripe_api: str
    last_event_api: str | None
    cluster: str | None
    read_model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModelHealth:
    """All of it.

    `unreadable` counts records that could not be shown, without those that are dead letters, which
    are counted there; `not_shown` names the first of them, as topic and place.
    """

    freshness: Freshness
    versions: Versions
    sources: tuple[SourceStatus, ...]
    unreadable: int
    not_shown: tuple[str, ...]


def read_model_health(connection: Connection, *, livemode: bool, now: int) -> ReadModelHealth:
    """Ask all of it."""
    words = {row.name: row.value for row in connection.execute(select(about))}
    kept = {row.key: row.body.encode() for row in connection.execute(select(source_states))}
    newest = connection.execute(
        select(newest_events)
        .where(newest_events.c.livemode == livemode)
        .order_by(newest_events.c.recorded_at.desc())
        .limit(1)
    ).first()
    beside = _not_shown()
    return ReadModelHealth(
        freshness=Freshness(
            read_at=around(connection).as_of,
            event_at=newest.recorded_at if newest else None,
            event_type=newest.event_type if newest else None,
            event_created=newest.created if newest else None,
        ),
        versions=Versions(
            subfold=version("subfold"),
            fold=FOLD_VERSION,
            settings=in_force(connection).version,
            stripe_api=API_VERSION,
            last_event_api=newest.api_version if newest else None,
            cluster=words.get("cluster"),
            read_model=words.get("version"),
        ),
        sources=tuple(source_statuses(kept, now)),
        unreadable=connection.scalar(select(func.count()).select_from(beside.subquery())) or 0,
        not_shown=tuple(
            f"{row.topic} {row.partition}:{row.offset}: {row.reason}"
            for row in connection.execute(beside.limit(NAMED_MAX))
        ),
    )


def _not_shown() -> Select[Any]:
    """Records that were gone past and are no dead letters."""
    buried = exists().where(
        dead_letters.c.log_partition == not_shown.c.partition,
        dead_letters.c.log_offset == not_shown.c.offset,
    )
    return (
        select(not_shown)
        .where((not_shown.c.topic != LOG) | ~buried)
        .order_by(not_shown.c.topic, not_shown.c.partition, not_shown.c.offset)
    )
