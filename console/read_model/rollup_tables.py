"""Tables of sums over movements and stages, so that a page over years costs what its days cost.

Made from the same updates in the same transaction (rollups.py). `day` is the UTC day of
`effective_at` since 1970, `month` and `cohort` are year × 12 + month - 1. Exact sums are text.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from console.read_model.tables import metadata

mrr_days = Table(
    "mrr_days",
    metadata,
    Column("livemode", Boolean, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("movement", String, primary_key=True),
    Column("is_restated", Boolean, primary_key=True),
    Column("delta_exact", Text, nullable=False),
    Column("gained", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("movements", Integer, nullable=False),
)
"""What MRR moved on a day, and by how many movements.

`gained` and `lost` count accounts that came to pay in this currency, or ceased to. `is_restated`:
new settings or a correction told it, no event of Stripe's.
"""

mrr_cohorts = Table(
    "mrr_cohorts",
    metadata,
    Column("livemode", Boolean, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("cohort", Integer, primary_key=True),
    Column("month", Integer, primary_key=True),
    Column("movement", String, primary_key=True),
    Column("delta_exact", Text, nullable=False),
    Column("gained", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("accounts", Integer, nullable=False),
)
"""The same by month, of the accounts whose first movement in this currency was in month `cohort`.

`accounts` counts them, in the row of their first movement.
"""

stage_stays = Table(
    "stage_stays",
    metadata,
    Column("livemode", Boolean, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("stage", String, primary_key=True),
    Column("next", String, primary_key=True),
    Column("days", Integer, primary_key=True),
    Column("stays", Integer, nullable=False),
)
"""Accounts that came into a stage on a day, by what they left it for, and after how many days.

`next` is empty while they are there, and `days` then 0; `days` are whole, rounded down. Leaving
every stage is `-`.
"""
