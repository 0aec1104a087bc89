"""How the worker ends when it must not go on: at once, with a code of its own for each cause.

It never tries to mend itself: what is committed is complete, and a fresh start goes on from there.
"""

from __future__ import annotations

import os
from enum import IntEnum
from typing import NoReturn

import structlog

log = structlog.get_logger()


class Exit(IntEnum):
    """Exit codes of the worker besides 0, 1 and 2; docs name them, so never renumber."""

    BUG = 70
    """Something of ours raised where nothing may."""
    GAP = 72
    """The log jumped: what lies between was never folded."""
    KAFKA = 73
    """Kafka failed where it is not known what was committed."""
    NEWER_ROW = 74
    """The table was written by a newer release."""
    MOSTLY_BAD = 75
    """Most records could not be folded: it is not the records."""
    REBUILDING = 76
    """A replay has not written all rows yet."""


def exit_now(code: Exit, **facts: object) -> NoReturn:
    """Say why, and end the process without another step: no flush, no commit, no cleaning up."""
    log.critical("worker_exited", code=int(code), reason=code.name.lower(), **facts)
    os._exit(code)
