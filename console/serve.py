"""The console's process: Granian in its own event loop, and the reader that fills the read model.

On SIGTERM or Ctrl-C it takes no new connections, ends the live ones, answers what it has begun,
lets the reader finish its transaction, and exits 0.
"""

from __future__ import annotations

import asyncio
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
from starlette.applications import Starlette

from console.access.database import open_access
from console.access.reach import refuse_open_door
from console.actions.begin import remembered
from console.context import Console
from console.read_model.database import open_read_model
from console.read_model.reader import Reader
from console.web.app import make_app
from streams.log.client import connection
from streams.ports import usable_port
from streams.settings import Config

HEADER_TIMEOUT_MS = 10_000
HEADER_BYTES_MAX = 16 * 1024
CONNECTIONS_MAX = 1024

log = structlog.get_logger()


def serve(config: Config) -> NoReturn:
    """Run until the process is told to stop, and end it.

    Raises:
        SettingsError: The address or a database cannot be used, no Kafka is named, or the console
            would be open to the network.
    """
    asyncio.run(_serve(config))
    # Granian's threads may still let go of requests while the interpreter ends, and would then
    # abort the process (seen with 2.8: "panic in a function that cannot unwind").
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def _serve(config: Config) -> None:
    options = config.deployment.console
    access = open_access(options)
    refuse_open_door(options, access)
    connection(config.deployment.kafka)  # said before anything starts when no Kafka is named
    port = usable_port(options.host, options.port, "console")
    console = Console(
        read_model=open_read_model(options),
        access=access,
        config=config,
        clock=time.time,
        jobs=remembered(access, at=time.time()),
    )
    reader = Reader(config.deployment, console.read_model, console.clock)
    app = make_app(console, reader.progress)
    server = _server(app, options.host, port)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        app.state.stopping.set()
        server.stop()  # type: ignore[no-untyped-call]

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    log.info("console_started", address=f"http://{options.host}:{port}")
    await _run(server, reader, app.state.stopping)
    log.info("console_stopped")


def _server(app: Starlette, host: str, port: int) -> Server:
    return Server(
        app,
        address=host,
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


async def _run(server: Server, reader: Reader, stopping: asyncio.Event) -> None:
    reading = asyncio.create_task(reader.run())
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.wait({reading, serving}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            await reading  # it says why it gave up
        await serving
    finally:
        stopping.set()
        reading.cancel()
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({reading, serving})
