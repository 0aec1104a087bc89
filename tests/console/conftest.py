from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from console.read_model.records import Record
from filled import fill, simulated_year


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
