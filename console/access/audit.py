"""The record of what was changed, by whom. Written in one transaction with the change, if it can.

`what` is a thing and what became of it: `user.added`, `user.removed`, `user.changed`,
`token.added`, `token.revoked`, `login.succeeded`, `login.failed`, `logout`, `settings.applied`,
`dead_letter.redriven`, `source.connected`, … Details never hold a secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from console.access.tables import audit


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
    text = json.dumps(details or {}, ensure_ascii=False, sort_keys=True)
    connection.execute(audit.insert().values(at=int(at), actor=actor, what=what, details=text))


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
