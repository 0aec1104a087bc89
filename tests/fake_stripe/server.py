"""Serves a fake with Granian, in a thread of its own: the test keeps its own loop."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from .app import make_app
from .fake import FakeStripe

HOST = "127.0.0.1"
START_S_MAX = 10


@contextmanager
def serving(fake: FakeStripe, port: int = 0) -> Iterator[str]:
    """Serve it meanwhile; gives the address of its API, as `http://127.0.0.1:12111`."""
    port = port or _free_port()
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_run(fake, port, begun)), daemon=True)
    thread.start()
    loop, stopping = begun.result(START_S_MAX)
    try:
        _wait_for(port)
        yield f"http://{HOST}:{port}"
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join()


async def serve(fake: FakeStripe, port: int, stopping: asyncio.Event) -> None:
    """Serve it until it is told to stop."""
    server = Server(
        make_app(fake),
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig={"handlers": {}, "formatters": {}, "loggers": {"_granian": {}}},
    )
    running = asyncio.create_task(server.serve())
    await stopping.wait()
    server.stop()
    await running


async def _run(
    fake: FakeStripe, port: int, begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]
) -> None:
    stopping = asyncio.Event()
    begun.set_result((asyncio.get_running_loop(), stopping))
    await serve(fake, port, stopping)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    ends = time.monotonic() + START_S_MAX
    while time.monotonic() < ends:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port}")
