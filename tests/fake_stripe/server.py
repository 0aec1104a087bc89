"""Serves a fake in a thread of its own: the test keeps its own loop."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tests.served import served

from .app import make_app
from .fake import FakeStripe


def serving(fake: FakeStripe) -> AbstractContextManager[str]:
    """Serve it meanwhile; gives the address of its API, as `http://127.0.0.1:40123`."""
    # The fake says its own world's time.
    return served(make_app(fake), date_header=False)
