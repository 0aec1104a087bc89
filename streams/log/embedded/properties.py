"""Text of the files that one embedded Kafka node is started with.

The values are measured (start after a kill -9, start of a group) or follow from the contract
(sizes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.log.topics import DEAD_LETTER_BYTES_MAX, MIB

HOST = "127.0.0.1"
BATCH_BYTES_MAX = DEAD_LETTER_BYTES_MAX + MIB
"""The largest record of ours and what a batch puts around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A node's place in its cluster: where clients and where the other nodes find it."""

    node_id: int
    port: int
    controller_port: int


def server_properties(folder: Path, seat: Seat, cluster: Sequence[Seat]) -> str:
    """Write `server.properties` for one node of a cluster on loopback.

    The metadata log has a folder of its own: beside the data, a second broker on the same folder
    would write into it before it looks at Kafka's own lock.
    """
    voters = ",".join(f"{peer.node_id}@{HOST}:{peer.controller_port}" for peer in cluster)
    values = {
        "process.roles": "broker,controller",
        "node.id": seat.node_id,
        "controller.quorum.voters": voters,
        "listeners": f"CLIENTS://{HOST}:{seat.port},CONTROLLER://{HOST}:{seat.controller_port}",
        "advertised.listeners": f"CLIENTS://{HOST}:{seat.port}",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": folder / "log",
        "metadata.log.dir": folder / "metadata",
        **shared_settings(replicas=len(cluster)),
        # A killed broker is let in again when its old registration has expired; one that a busy
        # machine held up for less than that stays in.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 400,
        # The default takes half of the heap; this one still holds 600,000 keys.
        "log.cleaner.dedupe.buffer.size": 16 * MIB,
    }
    return "".join(f"{key}={_escaped(str(value))}\n" for key, value in values.items())


def shared_settings(*, replicas: int) -> dict[str, str | int]:
    """What every broker of tests and trials needs, in a container or not."""
    in_sync = 2 if replicas > 1 else 1
    return {
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "message.max.bytes": BATCH_BYTES_MAX,
        "replica.fetch.max.bytes": BATCH_BYTES_MAX,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
    }


def log4j2_properties(folder: Path) -> str:
    """Write log4j2's configuration: one file, rolled at 10 MiB, two old ones kept."""
    lines = {
        "status": "error",
        "appender.file.type": "RollingFile",
        "appender.file.name": "file",
        "appender.file.fileName": folder / "kafka.log",
        "appender.file.filePattern": folder / "kafka.log.%i",
        "appender.file.layout.type": "PatternLayout",
        "appender.file.layout.pattern": "%d{ISO8601} %p %m (%c{1})%n",
        "appender.file.policies.type": "Policies",
        "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
        "appender.file.policies.size.size": "10MB",
        "appender.file.strategy.type": "DefaultRolloverStrategy",
        "appender.file.strategy.max": 2,
        "rootLogger.level": "info",
        "rootLogger.appenderRef.file.ref": "file",
    }
    return "".join(f"{key}={_escaped(str(value))}\n" for key, value in lines.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\")
