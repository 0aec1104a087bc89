"""The table of topics and rights as a page: `subfold topics create --print`, docs/topics.md."""

from __future__ import annotations

from streams.log.acls import least_acls
from streams.log.topics import topics_of
from streams.settings import Deployment, Kafka

HEAD = """# Topics

Made by `subfold topics create`, which also says what is wrong with a topic that is there already.
This page is printed by `subfold topics create --print`, with the names of your own installation.

Every topic has {partitions}, fixed once there are records; {copies}; {insync}.

| topic | key | value | settings | written by | read by |
|---|---|---|---|---|---|
"""

RIGHTS = """
## Rights

The least that each role needs on a cluster with ACLs; replace the users by your own. `reader` is
whoever reads updates: it also needs Read on a consumer group of its own, and must read with
`isolation.level=read_committed`. `auditor` may see the raw bodies in the log and the dead letters,
names and e-mail addresses among them. `operator` is whoever runs `subfold dlq` and
`subfold status`. `console` is the console's process, which shows all of it, gives dead letters back
and applies settings. `topics` is whoever runs `subfold topics create`.

```sh
{commands}
```
"""


def topics_page(deployment: Deployment) -> str:
    """Write the page for this installation; no broker is asked."""
    rows = [
        "| " + " | ".join(cells) + " |\n"
        for cells in (
            (
                f"`{spec.name}`",
                spec.key,
                spec.value,
                ", ".join(f"{name}={value}" for name, value in spec.config.items()),
                ", ".join(spec.written_by),
                ", ".join(spec.read_by),
            )
            for spec in topics_of(deployment)
        )
    ]
    commands = "\n".join(acl.command() for acl in least_acls(deployment))
    return _head(deployment.kafka) + "".join(rows) + RIGHTS.format(commands=commands)


def _head(kafka: Kafka) -> str:
    copies = (
        f"replication factor {kafka.replication_factor}"
        if kafka.replication_factor
        else "replication factor 3 where three or more brokers answer, else 1"
    )
    insync = (
        f"`min.insync.replicas` {kafka.min_insync_replicas}"
        if kafka.min_insync_replicas
        else "`min.insync.replicas` 2 with a replication factor of 3 or more, else 1"
    )
    return HEAD.format(
        partitions=f"{kafka.partitions} partitions" if kafka.partitions > 1 else "1 partition",
        copies=copies,
        insync=insync,
    )
