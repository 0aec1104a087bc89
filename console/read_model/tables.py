"""Tables of the read model. Times are Unix seconds, money minor units beside exact text.

Everything here is made from topics: whoever deletes it gets it again. `VERSION` says which shape it
has; a console that finds another one makes it anew instead of migrating it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION = 4

metadata = MetaData()

about = Table(
    "about",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the database says of itself.

`version`, `cluster` (whose offsets are meant), `revision` (raised with each transaction that
changed something), `seen_at` (Unix seconds, when the reader last looked) and `caught_up_at` (when
it last had nothing more to read).
"""

not_shown = Table(
    "not_shown",
    metadata,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("reason", Text, nullable=False),
)
"""Records that were gone past. Of the log there are some that are dead letters, too."""

positions = Table(
    "positions",
    metadata,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    Column("end_offset", BigInteger),
    Column("seen_at", BigInteger, nullable=False),
)
"""How far each partition is read, and where it ended then; written with what was read.

`topic` is named as in the contract, without prefix; `changelog` is the worker's.
"""

accounts = Table(
    "accounts",
    metadata,
    Column("subject", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("account", String),
    Column("livemode", Boolean, nullable=False),
    Column("customer", String, nullable=False),
    Column("name", String),
    Column("email", String),
    Column("sort_name", String, nullable=False),
    Column("search", Text, nullable=False),
    Column("contact_kind", String),
    Column("contact_id", String),
    Column("contact_reason", String),
    Column("stage", String),
    Column("stage_since", BigInteger),
    Column("status", String),
    Column("subscriptions_live", Integer, nullable=False),
    Column("renews_at", BigInteger),
    Column("access_until", BigInteger),
    Column("retry_at", BigInteger),
    Column("not_collected", Boolean, nullable=False),
    Column("is_cancel_scheduled", Boolean, nullable=False),
    Column("is_past_due", Boolean, nullable=False),
    Column("mrr_currency", String),
    Column("mrr_minor", BigInteger),
    Column("pending", Integer, nullable=False),
    Column("created_at", BigInteger),
    Column("deleted_at", BigInteger),
    Column("as_of", BigInteger),
    Column("revision", BigInteger, nullable=False),
    Column("currencies", String, nullable=False),
    Index("accounts_by_name", "livemode", "sort_name"),
    Index("accounts_by_mrr", "livemode", "mrr_minor"),
    Index("accounts_by_renewal", "livemode", "renews_at", "deleted_at"),
    Index("accounts_by_stage", "livemode", "stage", "deleted_at"),
    Index("accounts_by_status", "livemode", "status", "deleted_at"),
    Index("accounts_by_source", "livemode", "source", "deleted_at"),
    Index("accounts_by_pending", "livemode", "pending"),
    Index("accounts_by_revision", "revision"),
)
"""One row for each customer, from `billing.customers.v1`, the columns by which pages look for it.

`sort_name` is the lower-case name, else e-mail, else id; `search` lower-case name, e-mail, ids and
metadata values. `status` is that of the subscription which decided the stage. `mrr_currency` is the
currency with the largest MRR, `mrr_minor` its amount (all of them are in `account_mrr`); `pending`
counts subscriptions whose MRR is not known. `revision` rises with each transaction that changed it.
`currencies` are those of `account_mrr`, each between spaces, so that lists look nowhere else. The
indexes that have `deleted_at` count what is not deleted without the rows.
"""

account_rows = Table(
    "account_rows",
    metadata,
    Column("subject", String, primary_key=True),
    Column("row", Text, nullable=False),
)
"""The value of the topic, whole; beside the accounts, so that those are read fast from end to end.
"""

account_mrr = Table(
    "account_mrr",
    metadata,
    Column("subject", String, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("livemode", Boolean, nullable=False),
    Column("mrr_minor", BigInteger, nullable=False),
    Column("mrr_exact", String, nullable=False),
    Column("committed_minor", BigInteger, nullable=False),
    Column("stage", String),
    Index("account_mrr_by_currency", "livemode", "currency", "mrr_minor"),
    Index("account_mrr_by_stage", "livemode", "currency", "stage", "mrr_exact"),
)
"""`stage` is that of the account, so that MRR by stage needs no other table."""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subject", String, primary_key=True),
    Column("subscription", String, primary_key=True),
    Column("livemode", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Column("renews_at", BigInteger),
    Column("cancel_at", BigInteger),
    Column("price", String),
    Column("product", String),
    Column("plan", String),
    Column("currency", String),
    Column("mrr_minor", BigInteger),
    Column("mrr_exact", String),
    Index("subscriptions_by_renewal", "livemode", "renews_at"),
    Index("subscriptions_by_plan", "livemode", "currency", "plan", "mrr_exact"),
)
"""Subscriptions of the rows.

`plan` is the largest item's nickname or product or price, for people; `mrr_minor` null while
unknown; `renews_at` null where it does not renew.
"""

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

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("subject", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("event_id", String, nullable=False),
    Column("event_type", String, nullable=False),
    Column("log_partition", Integer),
    Column("log_offset", BigInteger),
    Column("recorded_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("by", String),
    Column("why", Text),
    Column("closed_at", BigInteger),
    Index("dead_letters_by_time", "closed_at", "recorded_at"),
    Index("dead_letters_by_place", "log_partition", "log_offset"),
)
"""Place in their own topic; `state` is `open`, `redriving`, `redriven` or `discarded`.

`by` and `why` are of what was done last, `closed_at` when it was given back or put aside.
"""

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

source_states = Table(
    "source_states",
    metadata,
    Column("key", String, primary_key=True),
    Column("body", Text, nullable=False),
)
"""What `stripe.sources.v1` keeps of each account: back-fill, catch-up, check, connection."""

erased = Table(
    "erased",
    metadata,
    Column("subject", String, primary_key=True),
    Column("customer", String, nullable=False),
    Index("erased_by_customer", "customer"),
)
"""Customers whose row was taken away: nothing that names them is kept, whenever it comes.

Beside them their objects, as the key of a record that names nobody else (`{scope}/-/{id}`), so that
nothing is kept that leads to a customer by one of these. `customer` is whose it is: its own subject
where it is a customer.
"""
