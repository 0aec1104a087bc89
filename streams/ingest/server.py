"""The ingest process: Granian in this process's own event loop, beside the producer that it feeds.

On SIGTERM or Ctrl-C it takes no new connections, answers what it has begun, waits for what Kafka
has not acknowledged yet, and exits 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from typing import NoReturn

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from schemas.errors import BrokerError
from streams.ingest.app import make_app
from streams.ingest.door import Door
from streams.ingest.log import KafkaLog
from streams.ingest.pasted import follow_pasted
from streams.ports import usable_port
from streams.secret_store import with_stored_secrets
from streams.settings import Deployment

DRAIN_TIMEOUT_S = 10
HEADER_TIMEOUT_MS = 10_000
HEADER_BYTES_MAX = 16 * 1024
CONNECTIONS_MAX = 2048
"""More than requests in flight: those that are slow to begin must not keep others out."""

log = structlog.get_logger()


def serve(deployment: Deployment) -> NoReturn:
    """Run until the process is told to stop, and end it.

    Raises:
        SettingsError: The address cannot be used, or no Kafka is named.
    """
    asyncio.run(_serve(deployment))
    # All is written. Granian's threads may still let go of requests while the interpreter ends, and
    # would then abort the process (seen with 2.8: "panic in a function that cannot unwind").
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def _serve(deployment: Deployment) -> None:
    sources = dict(with_stored_secrets(deployment).sources)
    for source_id, source in sources.items():
        if not (source.webhook_secrets or source.eventbridge_secrets):
            log.warning("source_without_secret", source=source_id, hint=_secret_hint(source_id))
    port = usable_port(deployment.ingest.host, deployment.ingest.port, "ingest")
    kafka_log = KafkaLog(deployment.kafka)
    door = Door(sources=sources, log=kafka_log, clock=time.time)
    server = Server(
        make_app(door, kafka_log),
        address=deployment.ingest.host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=CONNECTIONS_MAX,
        backpressure=CONNECTIONS_MAX,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=HEADER_BYTES_MAX
        ),
        log_level=LogLevels.error,
        # Granian's lines go where ours go.
        log_dictconfig={"handlers": {}, "formatters": {}, "loggers": {"_granian": {}}},
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, server.stop)
    log.info("ingest_started", host=deployment.ingest.host, port=port)
    following = asyncio.create_task(follow_pasted(deployment, sources))
    try:
        await _run(server, kafka_log, door)
    finally:
        following.cancel()
    log.info("ingest_stopped")


async def _run(server: Server, kafka_log: KafkaLog, door: Door) -> None:
    writing = asyncio.create_task(kafka_log.run())
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.wait({writing, serving}, return_when=asyncio.FIRST_COMPLETED)
        if writing.done():
            raise BrokerError("the log's producer ended") from writing.exception()
        await serving
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(door.idle(), DRAIN_TIMEOUT_S)
    finally:
        writing.cancel()
        await asyncio.wait({writing})


def _secret_hint(source_id: str) -> str:
    name = source_id.upper()
    return (
        f"nothing is let in: set SUBFOLD_SOURCES__{name}__WEBHOOK_SECRETS (whsec_...), or connect "
        "it on the console's page Connect"
    )
