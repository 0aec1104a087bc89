"""Jobs that somebody began and that have not come to an end: how a console knows them that starts.

A row stands here while a job is under way. One that is found at the start was interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine, and_, select
from sqlalchemy.exc import SQLAlchemyError

from console.access.tables import begun_jobs

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A job: its kind, who began it, and when in Unix seconds."""

    kind: str
    actor: str
    started_at: int


@contextmanager
def noted(access: Engine, job: Begun) -> Iterator[None]:
    """Note the job while it is under way, in place of an earlier one of its kind."""
    table = begun_jobs.c
    with access.begin() as connection:
        connection.execute(begun_jobs.delete().where(table.kind == job.kind))
        values = {"kind": job.kind, "actor": job.actor, "started_at": job.started_at}
        connection.execute(begun_jobs.insert().values(values))
    try:
        yield
    finally:
        # Another console may have begun one of this kind since.
        mine = and_(
            table.kind == job.kind,
            table.actor == job.actor,
            table.started_at == job.started_at,
        )
        try:
            with access.begin() as connection:
                connection.execute(begun_jobs.delete().where(mine))
        except SQLAlchemyError:
            log.warning("job_end_not_noted", kind=job.kind)


def without_an_end(access: Engine) -> list[Begun]:
    """Those that are under way, or were when their console was stopped."""
    with access.connect() as connection:
        return [Begun(**row) for row in connection.execute(select(begun_jobs)).mappings()]
