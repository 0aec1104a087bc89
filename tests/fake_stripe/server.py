"""Serves a fake in a thread of its own: the test keeps its own loop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from .app import make_app
from .fake import FakeStripe

HOST = "127.0.0.1"


@contextmanager
def serving(fake: FakeStripe) -> Iterator[str]:
    """Serve it meanwhile; gives the address of its API, as `http://127.0.0.1:40123`."""
    with socket.socket() as listening:
        # Whoever comes before the thread has begun waits in the queue of the socket.
        listening.bind((HOST, 0))
        listening.listen()
        server = uvicorn.Server(config(fake))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def config(fake: FakeStripe, port: int = 0) -> uvicorn.Config:
    """How it is served: without a word, as what is dropped on purpose would be told as an error."""
    return uvicorn.Config(
        make_app(fake),
        date_header=False,  # the fake says its own world's
        host=HOST,
        port=port,
        lifespan="off",
        access_log=False,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
