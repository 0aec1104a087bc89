"""The record of what was changed, by whom. Written in one transaction with the change, if it can.

`what` is a thing and what became of it: `user.added`, `user.removed`, `user.changed`,
`token.added`, `token.revoked`, `login.succeeded`, `login.failed`, `logout`, `settings.applied`,
`dead_letter.redriven`, `source.connected`, … Details never hold a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from console.access.tables import audit

log = structlog.get_logger()

ID_MAX = 2**31 - 1
"""What PostgreSQL takes for an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing that somebody did; `at` in Unix seconds."""

    id: int
    at: int
    actor: str
    what: str
    details: Mapping[str, Any]


def note(
    connection: Connection,
    *,
    at: float,
    actor: str,
    what: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down what was done."""
    text = _text(details or {})
    connection.execute(audit.insert().values(at=int(at), actor=actor, what=what, details=text))


@contextmanager
def written_down(
    access: Engine, *, at: float, actor: str, what: str, details: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Write a deed down before it is done, and what came of it after.

    Where the process dies between, `outcome` stays `begun`: it may be done or not. What is put into
    the dictionary that is given is added to the details. What was done is not called into question
    by an audit that cannot be written any more: that is told in the log.
    """
    found: dict[str, Any] = {**details, "outcome": "begun"}
    adding = audit.insert().values(at=int(at), actor=actor, what=what, details=_text(found))
    with access.begin() as connection:
        id_ = connection.scalar(adding.returning(audit.c.id))
    found["outcome"] = "done"
    try:
        yield found
    except BaseException as error:
        found["outcome"] = f"failed: {type(error).__name__}"
        raise
    finally:
        try:
            with access.begin() as connection:
                changed = audit.update().where(audit.c.id == id_).values(details=_text(found))
                connection.execute(changed)
        except SQLAlchemyError:
            log.warning("audit_incomplete", what=what, actor=actor, outcome=found["outcome"])


def _text(details: Mapping[str, Any]) -> str:
    return json.dumps(details, ensure_ascii=False, sort_keys=True)


def records(connection: Connection, *, before: int | None = None, limit: int = 100) -> list[Record]:
    """The newest first; `before` is the id of the last one that was shown."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [
        Record(
            id=row.id, at=row.at, actor=row.actor, what=row.what, details=json.loads(row.details)
        )
        for row in connection.execute(query)
    ]
