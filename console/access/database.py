"""Opens what `console.access` keeps: a file beside the read model, or a schema in PostgreSQL."""

from __future__ import annotations

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from console.access.tables import metadata
from schemas.errors import SettingsError
from streams.settings import ConsoleOptions

FILE = "access.db"
SCHEMA = "access"
BUSY_TIMEOUT_S = 30


def open_access(options: ConsoleOptions) -> Engine:
    """Open the database, and make what tables it has not.

    Raises:
        SettingsError: The folder or the database cannot be used.
    """
    engine = _postgres(options) if options.database_url else _sqlite(options)
    try:
        metadata.create_all(engine)
    except DBAPIError as error:
        raise SettingsError(f"[console] the database cannot be used: {error.orig}") from error
    return engine


def _sqlite(options: ConsoleOptions) -> Engine:
    options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = options.data / FILE
    file.touch(mode=0o600)
    engine = create_engine(
        f"sqlite:///{file}", connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    return engine


def _postgres(options: ConsoleOptions) -> Engine:
    url = _postgres_url(options)
    try:
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    except ModuleNotFoundError as error:
        raise SettingsError(
            "[console] PostgreSQL needs its driver: pip install 'subfold[postgres]'"
        ) from error
    except DBAPIError as error:
        where = url.host or "localhost"
        raise SettingsError(f"[console] PostgreSQL at {where}: {error.orig}") from error
    return engine.execution_options(schema_translate_map={None: SCHEMA})


def _postgres_url(options: ConsoleOptions) -> URL:
    assert options.database_url  # noqa: S101 - asked for only then
    try:
        url = make_url(options.database_url.get_secret_value())
    except ArgumentError:
        raise SettingsError(
            "[console] database_url cannot be read: write postgresql://user:password@host/name"
        ) from None
    if url.drivername.partition("+")[0] not in {"postgresql", "postgres"}:
        raise SettingsError(
            f"[console] database_url: {url.drivername} is not supported: name a PostgreSQL "
            "database, or leave it out for SQLite"
        )
    return url.set(drivername="postgresql+psycopg")
