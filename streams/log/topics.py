"""Every topic of subfold in one table: name, key, value, retention, sizes, who writes and reads.

Source: docs/contract.md, "Topics". docs/topics.md is generated from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from streams.settings import Deployment

MIB = 2**20
BODY_BYTES_MAX = MIB
LOG_BYTES_MAX = 2 * MIB
DEAD_LETTER_BYTES_MAX = 3 * MIB

LOG = "stripe.events.v1"
DEAD_LETTERS = "stripe.events.v1.dlq"
SOURCES = "stripe.sources.v1"
CUSTOMERS = "billing.customers.v1"
CONTACTS = "billing.contacts.v1"
STAGES = "billing.stages.v1"
MRR = "billing.mrr.v1"
RENEWALS = "billing.renewals.v1"
TRIGGERS = "automation.triggers.v1"
UPDATES = (CONTACTS, STAGES, MRR, RENEWALS, TRIGGERS)
TOPIC_OF_TYPE = {
    "customer.contact_changed": CONTACTS,
    "customer.stage_changed": STAGES,
    "customer.mrr_changed": MRR,
    "customer.renewal_changed": RENEWALS,
    "automation.triggered": TRIGGERS,
    "automation.skipped": TRIGGERS,
    "automation.superseded": TRIGGERS,
}
TEST = "test."
"""Goes before the name of a topic that carries what was made from test-mode data."""

Role = Literal["ingest", "worker", "settings", "reader", "auditor", "operator", "source", "console"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """One topic as it must be. `config` holds exactly the settings that subfold relies on."""

    name: str
    key: str
    value: str
    config: Mapping[str, str]
    written_by: tuple[Role, ...]
    read_by: tuple[Role, ...] = field(default=("reader",))


FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
LATEST = {"cleanup.policy": "compact"}


def changelog_name(application: str) -> str:
    """Name of the topic behind the worker's table, before any prefix."""
    return f"{application}-customers-changelog"


def topic_table(*, application: str, prefix: str) -> tuple[TopicSpec, ...]:
    """All topics of an installation, in the order of an event's way.

    Args:
        application: The worker's name; its changelog is named after it.
        prefix: Goes before every name, for several installations on one cluster.
    """
    log_sizes = {"max.message.bytes": str(LOG_BYTES_MAX)}
    specs = [
        TopicSpec(
            name=LOG,
            key="subject",
            value="the body, byte for byte",
            config=FOREVER | log_sizes | {"message.timestamp.type": "LogAppendTime"},
            written_by=("ingest", "settings", "worker", "operator", "source", "console"),
            read_by=("worker", "settings", "auditor", "operator", "source", "console"),
        ),
        TopicSpec(
            name=DEAD_LETTERS,
            key="as the record",
            value="as the record",
            config=FOREVER | {"max.message.bytes": str(DEAD_LETTER_BYTES_MAX)},
            written_by=("worker", "operator", "console"),
            read_by=("auditor", "operator", "console"),
        ),
        TopicSpec(
            name=changelog_name(application),
            key="subject; and for each partition a marker, settings and test clocks",
            value="row; marker; settings; test clocks",
            config=LATEST | log_sizes | {"segment.bytes": str(64 * MIB)},
            written_by=("worker",),
            read_by=("worker", "operator", "source", "console"),
        ),
        TopicSpec(
            name=SOURCES,
            key="source, connected account, mode, task",
            value="how far the task has come (JSON)",
            config=LATEST,
            written_by=("source",),
            read_by=("source", "operator", "console"),
        ),
    ]
    for mode in ("", TEST):
        specs.append(
            TopicSpec(
                name=mode + CUSTOMERS,
                key="subject",
                value="the row as readers see it",
                config=LATEST | log_sizes,
                written_by=("worker",),
                read_by=("reader", "source", "console"),
            )
        )
        specs.extend(
            TopicSpec(
                name=mode + name,
                key="subject",
                value="one update (CloudEvents, binary mode)",
                config=FOREVER,
                written_by=("worker",),
                read_by=("reader", "console"),
            )
            for name in UPDATES
        )
    return tuple(replace(spec, name=prefix + spec.name) for spec in specs)


def topics_of(deployment: Deployment) -> tuple[TopicSpec, ...]:
    """The table of topics under the names of this installation."""
    return topic_table(application=deployment.worker.application, prefix=deployment.kafka.prefix)


def topic_of(update_type: str) -> str:
    """Logical name of the topic that carries a type of update."""
    return TOPIC_OF_TYPE[update_type]
