"""The least that each role of subfold must be allowed on a cluster with ACLs.

Idempotent producers need no right of their own since Apache Kafka 3.0 (KIP-679). Read and Write
bring Describe with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from streams.log.topics import Role, TopicSpec, topic_table
from streams.settings import Deployment

ROLES: tuple[Role, ...] = (
    "ingest",
    "worker",
    "settings",
    "reader",
    "auditor",
    "operator",
    "source",
    "console",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acl:
    """One right: who may do what with which names. `topics` stands for `subfold topics create`."""

    role: Role | Literal["topics"]
    resource: Literal["topic", "group", "transactional-id"]
    names: tuple[str, ...]
    operations: tuple[str, ...]
    pattern: Literal["literal", "prefixed"] = "literal"

    def command(self) -> str:
        """The right as a call of Kafka's own tool."""
        options = [f"--allow-principal User:{self.role}"]
        options += [f"--operation {operation}" for operation in self.operations]
        if self.pattern == "prefixed":
            options.append("--resource-pattern-type prefixed")
        options += [f"--{self.resource} {name}" for name in self.names]
        return " \\\n  ".join(
            ['kafka-acls.sh --bootstrap-server "$KAFKA_BOOTSTRAP_SERVERS" --add', *options]
        )


def least_acls(deployment: Deployment) -> list[Acl]:
    """All rights of all roles, under the names of this installation."""
    application, prefix = deployment.worker.application, deployment.kafka.prefix
    specs = topic_table(application=application, prefix=prefix)
    acls = [acl for role in ROLES for acl in _topic_acls(role, specs)]
    acls += [
        Acl(role="worker", resource="group", names=(prefix + application,), operations=("Read",)),
        Acl(
            role="worker",
            resource="transactional-id",
            names=(f"{prefix}{application}-",),
            operations=("Write",),
            pattern="prefixed",
        ),
        Acl(
            role="topics",
            resource="topic",
            names=tuple(spec.name for spec in specs),
            operations=("Create", "Describe", "DescribeConfigs"),
        ),
    ]
    return sorted(acls, key=lambda acl: (*ROLES, "topics").index(acl.role))


def _topic_acls(role: Role, specs: tuple[TopicSpec, ...]) -> Iterator[Acl]:
    """One right for all topics with which a role may do the same."""
    rights = sorted((_operations(role, spec), spec.name) for spec in specs)
    for operations, group in groupby(rights, key=lambda right: right[0]):
        if operations:
            names = tuple(name for _, name in group)
            yield Acl(role=role, resource="topic", names=names, operations=operations)


def _operations(role: Role, spec: TopicSpec) -> tuple[str, ...]:
    found = []
    if role in spec.read_by:
        found.append("Read")
    if role in spec.written_by:
        found.append("Write")
    # The worker checks at its start that every topic is as it must be.
    if role == "worker":
        found.append("DescribeConfigs")
    return tuple(found)
