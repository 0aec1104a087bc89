"""Tokens of the API: `sfc_`, eight characters that may be shown, a secret of 256 bits."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, and_, or_, select

from console.access.secret import hash_of, new_secret
from console.access.tables import tokens
from console.access.visitor import Role, Via, Visitor
from schemas.errors import SettingsError

PREFIX = "sfc_"
NAME_CHARACTERS_MAX = 64
USED_STEP_S = 60


class Scope(StrEnum):
    """What a token may: look, or change, too."""

    READ = "read"
    WRITE = "write"


ROLES = {Scope.READ: Role.VIEWER, Scope.WRITE: Role.ADMIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token but itself; times in Unix seconds."""

    id: str
    name: str
    scope: Scope
    created_by: str
    created_at: int
    expires_at: int | None
    used_at: int | None
    revoked_at: int | None

    def is_valid(self, at: float) -> bool:
        """Whether it opens anything at this time."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


def add_token(
    connection: Connection,
    *,
    name: str,
    scope: Scope,
    created_by: str,
    at: float,
    expires_at: float | None,
) -> str:
    """Make a token; what is given back is shown once and cannot be found out again.

    Raises:
        SettingsError: The name is empty or too long.
    """
    if not (name.strip() and len(name) <= NAME_CHARACTERS_MAX):
        raise SettingsError(f"a token's name has 1 to {NAME_CHARACTERS_MAX} characters")
    shown = PREFIX + secrets.token_hex(4)
    token = f"{shown}_{new_secret()}"
    connection.execute(
        tokens.insert().values(
            id=shown,
            token_hash=hash_of(token),
            name=name.strip(),
            scope=scope.value,
            created_by=created_by,
            created_at=int(at),
            expires_at=None if expires_at is None else int(expires_at),
        )
    )
    return token


def all_tokens(connection: Connection) -> list[Token]:
    """The newest first."""
    rows = connection.execute(select(tokens).order_by(tokens.c.created_at.desc(), tokens.c.id))
    return [
        Token(
            id=row.id,
            name=row.name,
            scope=Scope(row.scope),
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]


def revoke_token(connection: Connection, token_id: str, *, at: float) -> None:
    """Make a token open nothing more.

    Raises:
        SettingsError: There is no such token, or it is revoked already.
    """
    done = connection.execute(
        tokens.update()
        .where(and_(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)))
        .values(revoked_at=int(at))
    )
    if not done.rowcount:
        raise SettingsError(
            f"there is no token {token_id!r} that opens anything: see `subfold console token list`"
        )


def visitor_by_token(connection: Connection, token: str, *, at: float) -> Visitor | None:
    """Whose token it is, when it is valid."""
    now = int(at)
    row = connection.execute(
        select(tokens).where(
            and_(
                tokens.c.token_hash == hash_of(token),
                tokens.c.revoked_at.is_(None),
                or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    if row.used_at is None or row.used_at <= now - USED_STEP_S:
        connection.execute(tokens.update().where(tokens.c.id == row.id).values(used_at=now))
    name = f"token {row.name} ({row.id})"
    return Visitor(name=name, role=ROLES[Scope(row.scope)], via=Via.TOKEN)
