"""`subfold worker` that kills itself at a named point, once: `python crashing_worker.py POINT`.

With the point `none` it lives. Its transactions are small and its session is short, so that a test
sees many of the first and waits little for the second.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from aiokafka.errors import TopicAuthorizationFailedError

from cli.main import app
from streams.worker import agent, batch, takeover, transaction, walk
from streams.worker.app import FAUST_SETTINGS
from streams.worker.clock import Clock
from streams.worker.transaction import commit

CLOCK_POINTS = ("before tick", "tick written")
POINTS = (*CLOCK_POINTS, "trigger sent", "trigger committed")
FOLD_POINTS = (
    "fetched",
    "folded",
    "transaction begun",
    "rows sent",
    "offsets sent",
    "before commit",
    "committed",
)
TAKEOVER_POINTS = ("fenced", "rows read")
DEADLY = b"cus_deadly"
"""Found in a record of which the point `deadly` dies each time."""
PASSED_BEFORE = 2
"""How often a point of the fold is passed before the process dies there."""
SMALL = 40
"""Records of one transaction."""
FEW = 10
"""Rows that are walked in one transaction."""
SESSION_S = float(os.environ.get("SESSION_S", "2"))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Dies when it was called often enough."""

    def __init__(self, passed_before: int) -> None:
        self._left = passed_before

    def __call__(self) -> None:
        if self._left == 0:
            die()
        self._left -= 1


def after(original: Callable[..., Any], reached: Callable[[], None] = die) -> Callable[..., Any]:
    async def run(*args: Any, **more: Any) -> Any:
        done = await original(*args, **more)
        reached()
        return done

    return run


def before(original: Callable[..., Any], reached: Callable[[], None] = die) -> Callable[..., Any]:
    def run(*args: Any, **more: Any) -> Any:
        reached()
        return original(*args, **more)

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


def in_transaction(name: str) -> Callable[..., Any]:
    """A commit whose producer dies within; what was sent before has reached the broker."""
    reached = Countdown(PASSED_BEFORE)

    async def run(partition: Any, *rest: Any) -> Any:
        producer = partition.producer
        if not hasattr(producer, "is_patched"):
            producer.is_patched = True
            begin, flush = producer.begin_transaction, producer.flush
            offsets, end = producer.send_offsets_to_transaction, producer.commit_transaction

            async def flushed_and_ended() -> None:
                await flush()
                reached()
                await end()

            async def offsets_sent(*args: Any) -> None:
                await offsets(*args)
                await flush()
                reached()

            if name == "transaction begun":
                producer.begin_transaction = after(begin, reached)
            elif name == "offsets sent":
                producer.send_offsets_to_transaction = offsets_sent
            else:
                producer.commit_transaction = flushed_and_ended
        return await commit(partition, *rest)

    return run


def rows_sent() -> Callable[..., Any]:
    """Dies when the rows have reached the broker, and nothing else of their transaction has."""
    send, reached = transaction._send, Countdown(PASSED_BEFORE)

    async def run(producer: Any, topic: str, *rest: Any) -> None:
        await send(producer, topic, *rest)
        if topic.endswith("changelog"):
            await producer.flush()
            reached()

    return run


def of_deadly(read: Callable[..., Any]) -> Callable[..., Any]:
    """Reads records, and dies of one: what the interpreter does not survive."""

    def run(**record: Any) -> Any:
        if DEADLY in (record["value"] or b""):
            die()
        return read(**record)

    return run


def refusing(send: Callable[..., Any]) -> Callable[..., Any]:
    """Sends, but for what readers see: a right that is lacking for one topic."""

    async def run(producer: Any, topic: str, *rest: Any) -> None:
        if topic.endswith("billing.customers.v1"):
            raise TopicAuthorizationFailedError(topic)
        await send(producer, topic, *rest)

    return run


def patch(point: str) -> None:
    """Have this process die at the point."""
    reached = Countdown(PASSED_BEFORE)
    patches: dict[str, tuple[Any, str, Callable[..., Any]]] = {
        "fetched": (agent, "fold_batch", before(agent.fold_batch, reached)),  # type: ignore[attr-defined]
        "folded": (agent, "commit", before(commit, reached)),
        **{name: (agent, "commit", in_transaction(name)) for name in FOLD_POINTS[2:6]},
        "rows sent": (transaction, "_send", rows_sent()),
        "committed": (agent, "commit", after(commit, reached)),
        "fenced": (takeover, "_fence", after(takeover._fence)),
        "rows read": (takeover, "_read_rows", after(takeover._read_rows)),
        "refused": (transaction, "_send", refusing(transaction._send)),
        "deadly": (batch, "read_log_record", of_deadly(batch.read_log_record)),  # type: ignore[attr-defined]
        "walked": (walk, "commit", after(commit)),
        "before tick": (Clock, "_write", before(Clock._write)),
        "tick written": (Clock, "_write", after(Clock._write)),
        **dict.fromkeys(POINTS[2:], (agent, "commit", die_in_commit)),
    }
    if point != "none":
        setattr(*patches[point])


def be_quick() -> None:
    """Small transactions and a short session."""
    batch.RECORDS_MAX = SMALL
    walk.ROWS_MAX = FEW
    FAUST_SETTINGS.update(broker_session_timeout=SESSION_S, broker_heartbeat_interval=0.5)


if __name__ == "__main__":
    POINT = sys.argv[1]
    be_quick()
    patch(POINT)
    app(["worker"])
