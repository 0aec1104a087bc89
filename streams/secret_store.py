"""Secrets that were pasted into a page: kept sealed, in SQLite or PostgreSQL, for all processes.

Each is sealed by AES-256-GCM under the master key with a nonce of its own; whose and which it is is
authenticated with it, so that none can be put in another's place. What file or environment name
wins over an API key of here; webhook secrets of both open the door.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import (
    BigInteger,
    Column,
    Delete,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema

from schemas.errors import SettingsError
from streams.settings import ConsoleOptions, Deployment, Source

MASTER_KEY = "SUBFOLD_MASTER_KEY"
KEY_BYTES, NONCE_BYTES = 32, 12
FILE = "secrets.db"
SCHEMA = "secrets"
API_KEY = "api_key"
WEBHOOK = "webhook/"
"""Before the id of the endpoint whose secret it is."""

metadata = MetaData()
sealed_secrets = Table(
    "sealed_secrets",
    metadata,
    Column("source", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
    Column("stored_by", String, nullable=False),
)


class SecretStoreError(SettingsError):
    """A secret cannot be sealed or opened; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """That a secret is there: never what it is. Unix seconds."""

    source: str
    name: str
    stored_at: int
    stored_by: str


def new_master_key() -> str:
    """A key for all secrets of an installation: 32 random bytes as base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


class SecretStore:
    """The sealed secrets of one installation.

    Args:
        engine: Of the database; the table is made when the first secret is stored.
        master_key: As `new_master_key` makes it.

    Raises:
        SecretStoreError: The master key is none.
    """

    def __init__(self, engine: Engine, master_key: SecretStr) -> None:
        self._engine = engine
        self._cipher = AESGCM(_key_of(master_key))

    def put(self, source: str, name: str, secret: SecretStr, *, by: str, at: int) -> None:
        """Seal a secret, in place of the former of that name."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(
            nonce, secret.get_secret_value().encode(), _bound(source, name)
        )
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
            metadata.create_all(connection)
            connection.execute(_of(source, name))
            connection.execute(
                insert(sealed_secrets).values(
                    source=source, name=name, nonce=nonce, sealed=sealed, stored_at=at, stored_by=by
                )
            )

    def remove(self, source: str, name: str) -> bool:
        """Forget a secret; whether there was one."""
        if not self._is_made():
            return False
        with self._engine.begin() as connection:
            return connection.execute(_of(source, name)).rowcount > 0

    def stored(self) -> list[Stored]:
        """Which secrets there are; nothing is opened."""
        if not self._is_made():
            return []
        columns = [sealed_secrets.c[each] for each in ("source", "name", "stored_at", "stored_by")]
        with self._engine.connect() as connection:
            found = connection.execute(select(*columns).order_by("source", "name"))
            return [Stored(**row) for row in found.mappings()]

    def opened(self, source: str) -> dict[str, SecretStr]:
        """All secrets of a source, by name.

        Raises:
            SecretStoreError: One was sealed under another master key, or changed since.
        """
        if not self._is_made():
            return {}
        chosen = select(sealed_secrets).where(sealed_secrets.c.source == source)
        with self._engine.connect() as connection:
            rows = connection.execute(chosen.order_by("name")).mappings().all()
        return {row["name"]: self._open(source, row["name"], row) for row in rows}

    def _open(self, source: str, name: str, row: Any) -> SecretStr:
        try:
            opened = self._cipher.decrypt(row["nonce"], row["sealed"], _bound(source, name))
        except InvalidTag as error:
            raise SecretStoreError(
                f"the sealed {name} of source {source} cannot be opened: {MASTER_KEY} is not the "
                "key that it was sealed with, or it was changed. Set the former key, or paste the "
                "secret again on the page Connect"
            ) from error
        return SecretStr(opened.decode())

    def _is_made(self) -> bool:
        return inspect(self._engine).has_table(sealed_secrets.name)


@contextmanager
def open_secret_store(options: ConsoleOptions) -> Iterator[SecretStore]:
    """Open the store of an installation, wherever its console keeps what it must not lose.

    Raises:
        SecretStoreError: There is no master key, it is none, or the database cannot be used.
    """
    if options.master_key is None:
        raise SecretStoreError(
            f"there is no {MASTER_KEY}, and without it no secret is stored: make one with "
            f"`subfold master-key`, set {MASTER_KEY} (or {MASTER_KEY}_FILE) for console, ingest, "
            "catch-up and enrich, and start them again"
        )
    engine = _engine(options)
    try:
        yield SecretStore(engine, options.master_key)
    except SQLAlchemyError as error:
        raise SecretStoreError(
            f"the database of sealed secrets cannot be used: {type(error).__name__}"
        ) from error
    finally:
        engine.dispose()


def with_stored_secrets(deployment: Deployment) -> Deployment:
    """The same with what is sealed in the store, where there is a master key.

    Raises:
        SecretStoreError: A secret cannot be opened, or the database cannot be used.
    """
    options = deployment.console
    if options.master_key is None:
        return deployment
    if options.database_url is None and not (options.data / FILE).exists():
        return deployment
    with open_secret_store(options) as store:
        sources = {id_: _with(each, store.opened(id_)) for id_, each in deployment.sources.items()}
    return deployment.model_copy(update={"sources": sources})


def _with(source: Source, secrets: dict[str, SecretStr]) -> Source:
    pasted = [secret for name, secret in secrets.items() if name.startswith(WEBHOOK)]
    return source.model_copy(
        update={
            "api_key": source.api_key or secrets.get(API_KEY),
            "webhook_secrets": (*source.webhook_secrets, *pasted),
        }
    )


def _engine(options: ConsoleOptions) -> Engine:
    if options.database_url is None:
        return create_engine(f"sqlite:///{_private_file(options.data)}", poolclass=NullPool)
    url = make_url(options.database_url.get_secret_value())
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        connect_args={"options": f"-csearch_path={SCHEMA}"},
    )


def _private_file(folder: Path) -> Path:
    """The file, made for its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    path.touch(mode=0o600)
    return path


def _of(source: str, name: str) -> Delete:
    of_source = sealed_secrets.c.source == source
    return delete(sealed_secrets).where(of_source, sealed_secrets.c.name == name)


def _bound(source: str, name: str) -> bytes:
    return f"subfold/{source}/{name}".encode()


def _key_of(master_key: SecretStr) -> bytes:
    try:
        key = base64.b64decode(master_key.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretStoreError(
            f"{MASTER_KEY} is not {KEY_BYTES} bytes in base64: make one with `subfold master-key`"
        )
    return key
