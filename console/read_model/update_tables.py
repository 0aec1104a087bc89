"""Tables of what the update topics ever told.

Times are Unix seconds, money minor units beside exact text.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from console.read_model.tables import metadata

updates = Table(
    "updates",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("type", String, nullable=False),
    Column("sequence", String, nullable=False),
    Column("index", Integer, nullable=False),
    Column("effective_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("origin", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("body", Text, nullable=False),
    Index("updates_by_subject", "subject", "sequence", "index"),
    Index("updates_by_type", "livemode", "type", "recorded_at"),
)
"""Every update ever told, by its CloudEvents id.

`cause` is the event id of the record behind it, `body` the value, whole.
"""

stage_changes = Table(
    "stage_changes",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("previous", String),
    Column("stage", String),
    Column("sequence", String, nullable=False),
    Column("index", Integer, nullable=False),
    Column("effective_at", BigInteger, nullable=False),
    Index("stage_changes_by_time", "livemode", "effective_at"),
    Index("stage_changes_by_subject", "subject", "effective_at"),
)

mrr_movements = Table(
    "mrr_movements",
    metadata,
    Column("id", String, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("movement", String, nullable=False),
    Column("delta_minor", BigInteger, nullable=False),
    Column("delta_exact", String, nullable=False),
    Column("before_exact", String, nullable=False),
    Column("after_minor", BigInteger, nullable=False),
    Column("after_exact", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("subscription", String),
    Column("effective_at", BigInteger, nullable=False),
    Index("mrr_movements_by_time", "livemode", "currency", "effective_at"),
    Index("mrr_movements_by_subject", "subject", "effective_at"),
)
"""One row for each currency that a movement touched."""

moments = Table(
    "moments",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("what", String, nullable=False),
    Column("automation", String, nullable=False),
    Column("on", String),
    Column("key", String, nullable=False),
    Column("subscription", String),
    Column("due_at", BigInteger),
    Column("reason", String),
    Column("trigger", String),
    Column("recorded_at", BigInteger, nullable=False),
    Index("moments_by_automation", "livemode", "automation", "recorded_at", "what", "reason"),
    Index("moments_by_subject", "subject", "recorded_at"),
)
"""Of automations; `what` is `triggered`, `skipped` or `superseded`, `trigger` what it ended.

The index holds all that is counted, so that half a million moments are counted without the rows.
"""
