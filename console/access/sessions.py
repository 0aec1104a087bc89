"""Who is logged in. The cookie's value is random and stored as a hash only."""

from __future__ import annotations

from sqlalchemy import Connection, and_, or_, select

from console.access.secret import hash_of, new_secret
from console.access.tables import sessions, users
from console.access.visitor import Role, Via, Visitor

IDLE_MAX_S = 12 * 3600
AGE_MAX_S = 7 * 24 * 3600
SEEN_STEP_S = 60
"""A request that comes sooner after the last does not write."""


def begin_session(connection: Connection, *, user: str, at: float) -> str:
    """Log a user in; gives the cookie's new value. What has ended is cleared away."""
    now = int(at)
    connection.execute(
        sessions.delete().where(
            or_(sessions.c.began_at <= now - AGE_MAX_S, sessions.c.seen_at <= now - IDLE_MAX_S)
        )
    )
    cookie = new_secret()
    connection.execute(
        sessions.insert().values(id_hash=hash_of(cookie), user=user, began_at=now, seen_at=now)
    )
    return cookie


def end_session(connection: Connection, cookie: str) -> None:
    """Log out."""
    connection.execute(sessions.delete().where(sessions.c.id_hash == hash_of(cookie)))


def visitor_by_session(connection: Connection, cookie: str, *, at: float) -> Visitor | None:
    """Whose session it is, when it has neither been idle nor lasted for too long."""
    now = int(at)
    row = connection.execute(
        select(sessions.c.user, users.c.role)
        .join(users, users.c.name == sessions.c.user)
        .where(
            and_(
                sessions.c.id_hash == hash_of(cookie),
                sessions.c.began_at > now - AGE_MAX_S,
                sessions.c.seen_at > now - IDLE_MAX_S,
            )
        )
    ).one_or_none()
    return Visitor(name=row.user, role=Role(row.role), via=Via.SESSION) if row else None


def keep_session(connection: Connection, cookie: str, *, at: float) -> None:
    """Note that it is in use, so that it does not become idle."""
    now, this = int(at), sessions.c.id_hash == hash_of(cookie)
    seen_at = connection.scalar(select(sessions.c.seen_at).where(this))
    # An update takes the file's lock even where it finds nothing to do.
    if seen_at is not None and seen_at <= now - SEEN_STEP_S:
        connection.execute(sessions.update().where(this).values(seen_at=now))
