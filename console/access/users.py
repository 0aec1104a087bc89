"""People who log in: a name, an argon2 hash of a password, a role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, exists, func, select

from console.access.tables import sessions, users
from console.access.visitor import Role
from schemas.errors import SettingsError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 256
NO_PASSWORD = "-"  # noqa: S105 - no password has this hash

_hasher = PasswordHasher()
_one_at_a_time = Lock()
"""A hash takes 64 MiB for a while: a crowd at the login must not take the machine's memory."""
_nobody = (
    "$argon2id$v=19$m=65536,t=3,p=4$SLNTk+wi8UxUtTnBt+7DYw"
    "$9KgRtkHV9tKnYD1MLcdjEmnJtNuDtV51U1652gn7FaY"
)
"""Checked against when there is no such user, so that an answer takes as long as for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may log in; `created_at` in Unix seconds."""

    name: str
    role: Role
    created_at: int


def there_are_users(connection: Connection) -> bool:
    """Whether anybody may log in."""
    return bool(connection.scalar(select(exists().select_from(users))))


def all_users(connection: Connection) -> list[User]:
    """By name."""
    rows = connection.execute(select(users).order_by(users.c.name))
    return [User(name=row.name, role=Role(row.role), created_at=row.created_at) for row in rows]


def role_of(connection: Connection, name: str) -> Role | None:
    """The user's role; None when there is no such user."""
    found = connection.scalar(select(users.c.role).where(users.c.name == name))
    return Role(found) if found else None


def set_user(
    connection: Connection, *, name: str, password: str | None, role: Role, at: float
) -> bool:
    """Add a user, or give one another password and role, which ends their sessions.

    Without a password only the proxy can name them.

    Returns:
        Whether the user is new.

    Raises:
        SettingsError: The name or the password will not do; or there would be no admin.
    """
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} is no name for a user: letters, digits and . _ @ + -, 64 at the most"
        )
    values = {"password_hash": _checked_and_hashed(password), "role": role.value}
    if role is not Role.ADMIN and not there_are_users(connection):
        raise SettingsError("the first user must be an admin: nobody else could add another")
    if role_of(connection, name) is None:
        connection.execute(users.insert().values(name=name, created_at=int(at), **values))
        return True
    if role is not Role.ADMIN:
        _keep_an_admin(connection, name)
    connection.execute(users.update().where(users.c.name == name).values(**values))
    _end_sessions(connection, name)
    return False


def remove_user(connection: Connection, name: str) -> None:
    """Take a user out, and end their sessions.

    Raises:
        SettingsError: There is no such user; or only viewers would be left.
    """
    if role_of(connection, name) is None:
        raise SettingsError(f"there is no user {name!r}: see `subfold console user list`")
    _keep_an_admin(connection, name)
    connection.execute(users.delete().where(users.c.name == name))
    _end_sessions(connection, name)


def is_password(connection: Connection, *, name: str, password: str) -> bool:
    """Whether this is the user's password; takes as long when there is no such user."""
    known = connection.scalar(select(users.c.password_hash).where(users.c.name == name))
    known = None if known == NO_PASSWORD else known
    try:
        with _one_at_a_time:
            _hasher.verify(
                _nobody if known in {None, NO_PASSWORD} else known,
                password[:PASSWORD_CHARACTERS_MAX],
            )
    except (VerificationError, InvalidHashError):
        return False
    if known and _hasher.check_needs_rehash(known):
        hashed = _hashed(password)
        connection.execute(users.update().where(users.c.name == name).values(password_hash=hashed))
    return known is not None


def _checked_and_hashed(password: str | None) -> str:
    if password is None:
        return NO_PASSWORD
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise SettingsError(
            f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters"
        )
    return _hashed(password)


def _hashed(password: str) -> str:
    with _one_at_a_time:
        return _hasher.hash(password)


def _keep_an_admin(connection: Connection, name: str) -> None:
    others = select(func.count()).select_from(users).where(users.c.name != name)
    admins = others.where(users.c.role == Role.ADMIN.value)
    if connection.scalar(others) and not connection.scalar(admins):
        raise SettingsError(f"{name!r} is the last admin: make another one first")


def _end_sessions(connection: Connection, name: str) -> None:
    connection.execute(sessions.delete().where(sessions.c.user == name))
