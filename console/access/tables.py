"""Tables of who may see and change what. Times are Unix seconds; secrets are stored as hashes.

Unlike the read model these are not made from topics: they are kept, and their file is worth a
backup. A new table or column is made at the start; what is there is never changed.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("password_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""People who log in; `password_hash` is argon2id in PHC format."""

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String, primary_key=True),
    Column("user", String, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("sessions_by_user", "user"),
)
"""Who is logged in. `seen_at` is right to a minute."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("token_hash", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
)
"""For programs. `id` is the part of the token that may be shown."""

login_failures = Table(
    "login_failures",
    metadata,
    Column("key", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)
"""Failed logins in a row, of a name and of an address."""

begun_jobs = Table(
    "begun_jobs",
    metadata,
    Column("kind", String, primary_key=True),
    Column("actor", String, nullable=False),
    Column("started_at", BigInteger, nullable=False),
)
"""Jobs that somebody began and that have not come to an end."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("what", String, nullable=False),
    Column("details", Text, nullable=False),
    Index("audit_by_time", "at"),
)
"""Who did what. `details` is a JSON object."""
