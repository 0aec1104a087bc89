from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Engine, create_engine

from console.read_model.database import open_read_model
from console.read_model.records import Record
from console.read_model.tables import metadata
from databases import options_of, postgresql, why_no_postgresql
from filled import fill, simulated_year
from reader_scene import fill_topics
from worker_stage import Stage, stage


@pytest.fixture(scope="session")
def year() -> list[Record]:
    """All records of a simulated year, of all topics."""
    return simulated_year()


@pytest.fixture(scope="session")
def filled_file(year: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite that nobody may write to."""
    file = tmp_path_factory.mktemp("filled") / "read_model.db"
    engine = create_engine(f"sqlite:///{file}")
    fill(engine, year)
    engine.dispose()
    return file


@pytest.fixture
def filled(filled_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """A read model with a simulated year in it, of this test alone; `filled.UNTIL` is its now."""
    file = tmp_path / "read_model.db"
    shutil.copy(filled_file, file)
    engine = create_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of a server of PostgreSQL that all tests of this process share."""
    missing = why_no_postgresql()
    if missing:
        pytest.skip(missing)
    with postgresql() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes empty read models, each in a database of its own, of both kinds."""
    is_ours = request.param == "postgresql"
    server = request.getfixturevalue("postgresql_server") if is_ours else None
    made: list[Engine] = []

    def make() -> Engine:
        made.append(open_read_model(options_of(request.param, tmp_path, server)))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Engine]:
    """A read model with nothing in it, for tests that look at no customer."""
    engine = create_engine(f"sqlite:///{tmp_path / 'read_model.db'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest_asyncio.fixture
async def scene(tmp_path: Path, bootstrap_servers: str, prefix: str) -> AsyncIterator[Stage]:
    """A year in topics of this test alone, as a worker would have written it."""
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        await fill_topics(made)
        yield made
