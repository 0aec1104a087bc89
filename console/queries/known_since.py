"""Since when movements of MRR are whole.

A back-fill finds what was there when an account was connected: who had ended before left no
movement. Source: docs/console-figures.md, "Before an account was connected".
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, exists, select

from console.read_model.tables import source_states
from console.read_model.update_tables import mrr_movements
from schemas.records import NO_CUSTOMER
from streams.source import backfill, connect
from streams.source.backfill import BackfillState
from streams.source.connect import connection_in
from streams.source.fetched import Scope
from streams.source.log_writer import read_state

TASKS = (backfill.TASK, connect.TASK)


def known_since(connection: Connection, *, livemode: bool, currency: str) -> int | None:
    """When the last account was connected that had MRR in this currency already, in Unix seconds.

    None where nothing was there before: then all of it is known.
    """
    kept = {row.key: row.body.encode() for row in connection.execute(select(source_states))}
    split = (key.rpartition("/") for key in kept)
    mode = "/live" if livemode else "/test"
    table = mrr_movements.c
    found = [0]
    for account in sorted({name for name, _, task in split if task in TASKS}):
        connected_at = _connected_at(kept, account) if account.endswith(mode) else 0
        had_some = exists().where(
            table.livemode == livemode,
            table.currency == currency,
            table.movement == "opening",
            table.effective_at < connected_at,
            table.subject.startswith(f"{account}/", autoescape=True),
        )
        if connected_at > max(found) and connection.scalar(select(had_some)):
            found.append(connected_at)
    return max(found) or None


def _connected_at(kept: Mapping[str, bytes], account: str) -> int:
    """By what its back-fill judged what an opening is; 0 if it was never connected."""
    filled = read_state(BackfillState, kept.get(f"{account}/{backfill.TASK}"))
    source, whose, mode = account.split("/")
    scope = Scope(source, None if whose == NO_CUSTOMER else whose, mode == "live")
    return filled.connected_at or connection_in(kept, scope).since
