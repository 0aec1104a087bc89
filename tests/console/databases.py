"""Databases that the read model is tried on: SQLite, and PostgreSQL where it is installed."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from streams.settings import ConsoleOptions

NAMED = "SUBFOLD_TEST_DATABASE_URL"
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def why_no_postgresql() -> str | None:
    """What is missing for tests on PostgreSQL; None where nothing is."""
    if os.environ.get(NAMED) or SERVERS or shutil.which("initdb"):
        return None
    return f"no PostgreSQL: set {NAMED}, or apt-get install postgresql"


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a server: the one that is named, or one of our own until the tests end."""
    named = os.environ.get(NAMED)
    if named:
        yield named
        return
    # Not in pytest's folder: the server refuses to be root's, and nobody else may look in there.
    # Nor, for the same reason, where TMPDIR may lead to.
    with tempfile.TemporaryDirectory(prefix="subfold-postgresql", dir="/tmp") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _run("initdb", folder, "--no-sync", "--auth=trust", "--username=subfold")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run("pg_ctl", folder, "-w", "-o", options, "-l", f"{folder}/server.log", "start")
        try:
            yield f"postgresql://subfold@/postgres?host={folder}"
        finally:
            _run("pg_ctl", folder, "-m", "immediate", "stop")


def _run(program: str, folder: str, *words: str) -> None:
    programs = SERVERS[-1] if SERVERS else Path(shutil.which("initdb") or "").parent
    subprocess.run(
        [programs / program, "-D", f"{folder}/data", *words],
        check=True,
        user="postgres" if os.geteuid() == 0 else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )


def options_of(kind: str, folder: Path, server: str | None) -> ConsoleOptions:
    """Settings of a console with a database of its own."""
    if kind == "sqlite":
        return ConsoleOptions(data=folder / f"console{secrets.token_hex(4)}")
    assert server is not None
    name = f"subfold_{secrets.token_hex(4)}"
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    address = url.set(database=name).render_as_string(hide_password=False)
    return ConsoleOptions(data=folder, database_url=SecretStr(address))
