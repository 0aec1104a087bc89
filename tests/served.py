"""Serves an application in a thread of its own, by real HTTP on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

HOST = "127.0.0.1"


@contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """Serve it meanwhile; gives its address, as `http://127.0.0.1:40123`."""
    with socket.socket() as listening:
        # Whoever comes before the thread has begun waits in the queue of the socket.
        listening.bind((HOST, 0))
        listening.listen()
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="off",
                access_log=False,
                log_level="critical",
                timeout_graceful_shutdown=1,
                **options,
            )
        )
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
