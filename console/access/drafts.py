"""Settings that somebody has typed and not applied: kept as typed, faults and all, one for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()
drafts = Table(
    "settings_drafts",
    metadata,
    Column("user", String, primary_key=True),
    Column("base_version", Integer, nullable=False),
    Column("typed", Text, nullable=False),
    Column("saved_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed, over which version of the settings, and when in Unix seconds."""

    base_version: int
    typed: dict[str, Any]
    saved_at: int


def draft_of(access: Engine, user: str) -> Draft | None:
    """The draft of a user, if there is one."""
    metadata.create_all(access)
    with access.connect() as connection:
        row = connection.execute(select(drafts).where(drafts.c.user == user)).mappings().first()
    if row is None:
        return None
    return Draft(
        base_version=row["base_version"],
        typed=orjson.loads(row["typed"]),
        saved_at=row["saved_at"],
    )


def keep_draft(access: Engine, user: str, draft: Draft) -> None:
    """Keep it in place of the former."""
    metadata.create_all(access)
    values = {
        "base_version": draft.base_version,
        "typed": orjson.dumps(draft.typed).decode(),
        "saved_at": draft.saved_at,
    }
    with access.begin() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        adding = dialect.insert(drafts).values(user=user, **values)
        connection.execute(adding.on_conflict_do_update(index_elements=["user"], set_=values))


def forget_draft(access: Engine, user: str) -> None:
    """Throw it away."""
    metadata.create_all(access)
    with access.begin() as connection:
        connection.execute(delete(drafts).where(drafts.c.user == user))
