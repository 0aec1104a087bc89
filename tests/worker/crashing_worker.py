"""`subfold worker` that kills itself at a named point, once: `python crashing_worker.py POINT`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from cli.main import app
from streams.worker import agent, walk
from streams.worker.clock import Clock
from streams.worker.transaction import commit

POINTS = ("tick written", "trigger sent", "trigger committed")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(original: Callable[..., Any]) -> Callable[..., Any]:
    async def run(*args: Any) -> None:
        await original(*args)
        die()

    return run


async def die_in_commit(partition: Any, folded: Any, *rest: Any) -> Any:
    """Die when a trigger is sent and its transaction not ended, or ended and nobody told."""
    is_triggered = "automation.triggered" in folded.updates
    if is_triggered and POINT == "trigger sent":
        partition.producer.commit_transaction = after(partition.producer.flush)
    done = await commit(partition, folded, *rest)
    if is_triggered:
        die()
    return done


if __name__ == "__main__":
    POINT = sys.argv[1]
    if POINT == "tick written":
        Clock._write = after(Clock._write)  # type: ignore[method-assign]
    elif POINT == "walked":
        walk.commit = after(commit)  # type: ignore[attr-defined]
    else:
        agent.commit = die_in_commit  # type: ignore[attr-defined]
    app(["worker"])
