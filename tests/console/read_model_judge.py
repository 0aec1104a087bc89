"""What two read models must have in common: all but when and in which batches they were written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select

from console.read_model import (  # noqa: F401 - in the same metadata
    ahead_tables,
    log_tables,
    rollup_tables,
    update_tables,
)
from console.read_model.tables import metadata

BY_BATCH = {"accounts": {"revision"}, "positions": {"seen_at", "end_offset"}}
SAID_BY_TIME = {"revision", "seen_at", "caught_up_at"}


def content(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted."""
    found = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            left_out = BY_BATCH.get(table.name, set())
            columns = [each for each in table.columns if each.name not in left_out]
            rows = [tuple(row) for row in connection.execute(select(*columns))]
            found[table.name] = sorted(rows, key=repr)
    found["about"] = [row for row in found["about"] if row[0] not in SAID_BY_TIME]
    return found
