"""Tables of what lies ahead of each customer: from the worker's own rows, see ahead.py.

Times are Unix seconds, money minor units.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from console.read_model.tables import metadata

armed = Table(
    "armed",
    metadata,
    Column("subject", String, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("livemode", Boolean, nullable=False),
    Column("automation", String, nullable=False),
    Column("subscription", String),
    Column("due_at", BigInteger),
    Column("date", BigInteger),
    Column("span", String),
    Index("armed_by_automation", "livemode", "automation", "due_at"),
    Index("armed_by_time", "livemode", "due_at"),
)
"""Moments that will come by time alone; `place` numbers those of one customer.

`date` is what a moment comes before, `span` how long before. Without `due_at` it is not armed: the
period is too short for it.
"""

renewals = Table(
    "renewals",
    metadata,
    Column("subject", String, primary_key=True),
    Column("subscription", String, primary_key=True),
    Column("livemode", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Column("renews_at", BigInteger),
    Column("ends_at", BigInteger),
    Column("currency", String),
    Column("amount_minor", BigInteger),
    Column("mrr_minor", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", BigInteger),
    Column("card_expires_at", BigInteger),
    Column("is_past_due", Boolean, nullable=False),
    Column("is_cancel_scheduled", Boolean, nullable=False),
    Column("is_failing", Boolean, nullable=False),
    Column("is_card_expiring", Boolean, nullable=False),
    Column("is_not_collected", Boolean, nullable=False),
    Column("risks", Integer, nullable=False),
    Index("renewals_by_time", "livemode", "renews_at", "currency", "amount_minor"),
    Index(
        "renewals_by_risk",
        "livemode",
        "risks",
        "is_past_due",
        "is_cancel_scheduled",
        "is_failing",
        "is_card_expiring",
        "is_not_collected",
        "currency",
        "mrr_minor",
    ),
)
"""Live subscriptions: what each will be charged at its renewal, and what endangers it.

`amount_minor` is null where it cannot be known (docs/renewals.md, "What it will come to"),
`mrr_minor` while MRR is pending. `ends_at` is a scheduled end. `attempts` and `retry_at` are of the
newest open invoice. `risks` counts the words before it that hold. The
indexes hold all that is counted and summed.
"""

worker_settings = Table(
    "worker_settings",
    metadata,
    Column("partition", Integer, primary_key=True),
    Column("body", Text, nullable=False),
    Column("is_outdated", Boolean, nullable=False),
)
"""The settings that the worker folds each partition with.

`is_outdated`: they are newer than what was made of the partition's rows, which must be read again.
"""
