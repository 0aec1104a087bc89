"""The database of the read model: a file of SQLite, or a schema in PostgreSQL.

Whatever does not fit, because another release made it or it was made of another cluster, is thrown
away and made anew from the topics. A file that is not ours is never touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from console.read_model import (  # noqa: F401 - in the same metadata
    ahead_tables,
    log_tables,
    rollup_tables,
    update_tables,
)
from console.read_model.tables import VERSION, about, metadata
from console.read_model.writes import insert_new
from schemas.errors import SettingsError
from streams.settings import ConsoleOptions

SCHEMA = "read_model"
FILE = "read_model.db"
APPLICATION_ID = 0x5FB01D
"""Of our files of SQLite (`PRAGMA application_id`), and of our lock in PostgreSQL."""
ID_STANDS_AT = slice(68, 72)
"""Source: https://www.sqlite.org/fileformat.html, "The Database Header"."""
BUSY_S = 30
POOL = 20
MORE = 30
"""Beside the pool: together as many as there are threads for pages, and the reader and jobs."""
MAPPED_BYTES = 2**31
CACHE_KIB = 16 * 1024
"""Of each connection; as many as answer at once fill it."""


def open_read_model(options: ConsoleOptions) -> Engine:
    """Open the database, and make its tables where they are missing or of another release.

    Raises:
        SettingsError: It cannot be used, or is somebody else's.
    """
    try:
        engine = _postgresql(options) if options.database_url else _sqlite(options.data / FILE)
        with writing(engine) as connection:
            _refuse_foreign_tables(connection)
            if not _is_ours(connection):
                make_anew(connection)
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        place = "DATABASE_URL" if options.database_url else str(options.data)
        raise SettingsError(f"the console's database at {place} cannot be used: {cause}") from error
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other writer has beside it."""
    with engine.execution_options(subfold_writes=True).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({APPLICATION_ID})"))
            yield connection


def word(connection: Connection, name: str) -> str | None:
    """What the database says of itself by that name; None also where it has no tables."""
    if not inspect(connection).has_table(about.name):
        return None
    return connection.scalar(select(about.c.value).where(about.c.name == name))


def make_anew(connection: Connection, cluster: str = "") -> None:
    """Drop all tables and make them, empty; `revision` goes on, for pages wait for a higher one."""
    revision = int(word(connection, "revision") or 0) + 1
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    _drop_all(connection)
    metadata.create_all(connection)
    words = {"version": str(VERSION), "cluster": cluster, "revision": str(revision)}
    insert_new(connection, about, [{"name": name, "value": each} for name, each in words.items()])


def belong_to(engine: Engine, cluster: str) -> bool:
    """Make sure that all that is there was made of this cluster; False if it was thrown away."""
    with writing(engine) as connection:
        known = word(connection, "cluster") if _is_ours(connection) else None
        if not known:
            make_anew(connection, cluster)
        elif known != cluster:
            make_anew(connection, cluster)
            return False
    return True


def _refuse_foreign_tables(connection: Connection) -> None:
    """Whatever release made it, a read model says which: all else is somebody else's."""
    tables = inspect(connection).get_table_names()
    if tables and word(connection, "version") is None:
        raise SettingsError(
            f"schema {SCHEMA} of the console's database has tables that are not subfold's "
            f"({tables[0]}): give it a database of its own"
        )


def _is_ours(connection: Connection) -> bool:
    return word(connection, "version") == str(VERSION)


def _drop_all(connection: Connection) -> None:
    """Another release may have had other tables."""
    for name in inspect(connection).get_table_names():
        quoted = connection.dialect.identifier_preparer.quote(name)
        connection.execute(text(f"DROP TABLE {quoted}"))


def _sqlite(file: Path) -> Engine:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_foreign(file)
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(file),
        poolclass=QueuePool,
        pool_size=POOL,
        max_overflow=MORE,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver's own way begins only at the first write, so that a page would see two states.
        is_writer = connection.get_execution_options().get("subfold_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    @event.listens_for(engine, "connect")
    def _note(_: object, record: object) -> None:
        record.info["file"] = _identity(file)  # type: ignore[attr-defined] # a ConnectionPoolEntry

    @event.listens_for(engine, "checkout")
    def _check(_: object, record: object, __: object) -> None:
        # Whoever deletes the file wants it made anew: nobody shall go on with what is no more.
        if record.info["file"] != _identity(file):  # type: ignore[attr-defined]
            raise DisconnectionError("the file was deleted")

    return engine


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _connect(file: Path) -> sqlite3.Connection:
    with suppress(FileExistsError):
        file.touch(mode=0o600, exist_ok=False)
        for rest in ("-wal", "-shm"):
            file.with_name(file.name + rest).unlink(missing_ok=True)
    connection = sqlite3.connect(
        file, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        # Before the write-ahead log is on, so that the file itself shows it.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA journal_mode = WAL")
    # What a power cut takes away is read again from the topics.
    connection.execute("PRAGMA synchronous = NORMAL")
    # Pages look up many rows: without asking the system for each, and none twice.
    connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def _refuse_foreign(file: Path) -> None:
    if not file.exists() or file.stat().st_size == 0:
        return
    with file.open("rb") as opened:
        header = opened.read(ID_STANDS_AT.stop)
    if int.from_bytes(header[ID_STANDS_AT]) != APPLICATION_ID:
        raise SettingsError(
            f"{file} is no read model of subfold's: move it away, or set [console] data to another "
            "folder"
        )


def _postgresql(options: ConsoleOptions) -> Engine:
    assert options.database_url is not None  # noqa: S101 - the caller has looked
    try:
        url = make_url(options.database_url.get_secret_value())
    except ArgumentError:
        raise SettingsError(
            "DATABASE_URL is no address of a database: postgresql://user:password@host/name"
        ) from None
    if not url.drivername.startswith("postgres"):
        raise SettingsError(f"DATABASE_URL: only postgresql://, not {url.drivername}://")
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            # All that a page asks is of one moment.
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
            pool_size=POOL,
            max_overflow=MORE,
            hide_parameters=True,
            connect_args={"options": f"-csearch_path={SCHEMA}"},
        )
    except (ImportError, NoSuchModuleError):
        raise SettingsError(
            "DATABASE_URL needs PostgreSQL's driver: install subfold[postgres]"
        ) from None
