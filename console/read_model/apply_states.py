"""How far the tasks with Stripe are, from `stripe.sources.v1`: the latest of each."""

from __future__ import annotations

from sqlalchemy import Connection

from console.read_model.records import Record, key_of
from console.read_model.tables import source_states
from console.read_model.writes import delete_where, upsert


class LatestStates:
    """The latest state of each task among some records; None where there is none any more."""

    def __init__(self) -> None:
        self._states: dict[str, str | None] = {}

    def take(self, record: Record) -> None:
        """Read the next record of a partition."""
        value = record.value
        self._states[key_of(record)] = None if value is None else value.decode(errors="replace")

    def write(self, connection: Connection) -> None:
        """Put them in the place of what was there."""
        gone = [key for key, body in self._states.items() if body is None]
        delete_where(connection, source_states.c.key, gone)
        rows = [{"key": key, "body": body} for key, body in self._states.items() if body]
        upsert(connection, source_states, rows)
