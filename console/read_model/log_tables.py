"""Tables of what the log shows: Stripe's objects, what happened to whom, settings.

Times are Unix seconds, money minor units beside exact text.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from console.read_model.tables import metadata

objects = Table(
    "objects",
    metadata,
    Column("scope", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("customer", String),
    Column("charge", String),
    Column("payment_intent", String),
    Column("invoice", String),
    Column("subscription", String),
    Column("status", String),
    Column("currency", String),
    Column("amount_minor", BigInteger),
    Column("created", BigInteger),
    Column("is_deleted", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("sightings", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    Index("objects_by_customer", "scope", "customer", "kind"),
    Index("objects_by_charge", "scope", "charge"),
    Index("objects_by_payment_intent", "scope", "payment_intent"),
    Index("objects_by_invoice", "scope", "invoice"),
    Index("objects_by_subscription", "scope", "subscription"),
    Index("objects_by_kind", "livemode", "kind", "status"),
)
"""The latest version of every Stripe object that the log has shown, of whatever kind.

`scope` is `{source}/{account or -}/{live|test}`; `customer` what it names itself, and `charge`,
`payment_intent`, `invoice` by which it may be joined to a customer when it names none. `sightings`
is what the order rule needs of its last second (docs/order.md); `body` the object as Stripe sent
it. `amount_minor` is its main amount, `at` the time of this version.
"""

events = Table(
    "events",
    metadata,
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("event_type", String, nullable=False),
    Column("object", String),
    Column("api_version", String),
    Column("created", BigInteger),
    Column("recorded_at", BigInteger, nullable=False),
    Index("events_by_subject", "subject", "created"),
    Index("events_by_id", "event_id"),
    Index("events_by_object", "object"),
)
"""One row for each record of the log that belongs to a customer or names an object; no body."""

newest_events = Table(
    "newest_events",
    metadata,
    Column("source", String, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("recorded_at", BigInteger, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("event_type", String, nullable=False),
    Column("api_version", String),
    Column("created", BigInteger),
)
"""Of each source and mode the newest of `events` that Stripe sent by itself."""

settings_records = Table(
    "settings_records",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("hash", String, nullable=False),
    Column("applied_by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("announce", String, nullable=False),
    Column("applied_at", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
)
