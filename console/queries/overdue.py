"""Invoices of one customer that should have been paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from console.queries.stripe_objects import scope_of
from console.read_model.log_tables import objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """An open invoice past its due date, or whose first charge failed.

    `amount_minor` is what is left to pay, `since` Unix seconds.
    """

    invoice: str
    currency: str
    amount_minor: int
    since: int


def overdue(connection: Connection, subject: str, *, now: int) -> tuple[Overdue, ...]:
    """All of them, the oldest first, as Stripe sent them last."""
    bodies = connection.scalars(
        select(objects.c.body).where(
            objects.c.scope == scope_of(subject),
            objects.c.customer == subject.rpartition("/")[2],
            objects.c.kind == "invoice",
            objects.c.status == "open",
            ~objects.c.is_deleted,
        )
    )
    found = (_overdue(orjson.loads(body), now) for body in bodies)
    return tuple(sorted((each for each in found if each), key=lambda it: (it.since, it.invoice)))


def _overdue(invoice: Mapping[str, Any], now: int) -> Overdue | None:
    since = invoice.get("due_date")
    if since is None and invoice.get("attempt_count"):
        times = invoice.get("status_transitions") or {}
        since = times.get("finalized_at") or invoice["created"]
    if since is None or since >= now:
        return None
    return Overdue(
        invoice=invoice["id"],
        currency=invoice["currency"],
        amount_minor=invoice.get("amount_remaining", invoice["amount_due"]),
        since=since,
    )
