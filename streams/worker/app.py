"""Puts the worker together: Faust's app with our transport, our recovery and the fold's agent."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, cast

import faust
from faust.app.base import BootStrategy
from faust.types import StreamT

from streams.log.client import Connection, connection
from streams.settings import Deployment
from streams.worker.agent import fold_fetched
from streams.worker.names import SERVICE_LOGGER, Names
from streams.worker.partition import Held, Table
from streams.worker.recovery import RowsTableManager
from streams.worker.transport import FETCH_BYTES, Batch, BatchTransport

TABLE = "customers"
QUEUED_FETCHES_MAX = 8
NEVER_S = 365 * 86_400.0
FAUST_SETTINGS: dict[str, Any] = {
    # Faust reads variables with common names, such as WEB_PORT: it shall see none.
    "env": {},
    "store": "memory://",
    "TableManager": RowsTableManager,
    "web_enabled": False,
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "table_standby_replicas": 0,
    "stream_buffer_maxsize": QUEUED_FETCHES_MAX,
    # Partitions are given up only when the transaction at hand is done.
    "stream_wait_empty": True,
    "consumer_max_fetch_size": FETCH_BYTES,
    "broker_session_timeout": 10,
    "broker_heartbeat_interval": 2.5,
    "broker_rebalance_timeout": 30,
    # Transactions commit: Faust's timers for that, and for watching it, shall never ring.
    "broker_commit_interval": NEVER_S,
}


class ConsumerOnly(BootStrategy):
    """Faust starts its consumer; the producers are ours, and the web server is, too."""

    enable_kafka_producer = False
    enable_web = False


class WorkerApp(faust.App):
    """Faust's app, and what belongs to the worker's partitions."""

    logger = SERVICE_LOGGER
    BootStrategy = ConsumerOnly
    names: Names
    connection: Connection
    held: Held
    folding: Executor
    dead_letters_max: int

    def _create_directories(self) -> None:
        # The table lives in memory and in its changelog: nothing of it is on disk.
        return


def build_app(deployment: Deployment) -> WorkerApp:
    """Make the app of this installation; nothing connects before it is started.

    Raises:
        SettingsError: No Kafka is named, or what its protocol needs is missing.
    """
    kafka = deployment.kafka
    names = Names(prefix=kafka.prefix, application=deployment.worker.application)
    arguments = connection(kafka)
    servers = arguments["bootstrap_servers"].split(",")
    app = WorkerApp(
        names.group, broker=[f"aiokafka://{server.strip()}" for server in servers], **FAUST_SETTINGS
    )
    app.names, app.connection = names, arguments
    app.dead_letters_max = deployment.worker.dead_letters_max
    # One thread, for one fold at a time: more would only take turns in holding up the loop.
    app.folding = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fold")
    app.transport = BatchTransport(app.conf.broker_consumer, app)
    source = app.topic(
        names.log, key_serializer="raw", value_serializer="raw", partitions=kafka.partitions
    )
    table = app.Table(TABLE, partitions=kafka.partitions, key_type=bytes, value_type=bytes)
    app.held = Held(cast(Table, table.data))

    # While one partition waits for its commit, another folds.
    @app.agent(source, name="fold", isolated_partitions=True)
    async def fold(stream: StreamT[Batch]) -> None:
        async for event in stream.events():
            await fold_fetched(app, event.message.partition, cast(Batch, event.value))

    return app
