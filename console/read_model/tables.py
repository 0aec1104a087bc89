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
