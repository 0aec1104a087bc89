"""Workers that are built wrong on purpose: `python broken_worker.py BUILD FAULT`.

Each breaks one rule of docs/worker.md, and has to be caught by the verifier. The faults alone, with
the build `sound`, have to leave nothing wrong.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cli.main import app
from crashing_worker import be_quick
from streams.worker import agent
from streams.worker.app import FAUST_SETTINGS
from streams.worker.exits import Exit, exit_now
from streams.worker.names import Names
from streams.worker.recovery import RowsRecovery
from streams.worker.takeover import take_over
from streams.worker.transaction import commit

BUILDS = (
    "sound",
    "offset before the transaction",
    "offset after the transaction",
    "memory changed before the commit",
    "no fencing",
    "recovery as Faust does it",
)
FAULTS = ("none", "killed", "frozen", "broken off")
PASSED_BEFORE = 2
FETCH_BYTES = 8 * 1024
"""Some events: more than one fetch waits in a queue."""


class BrokenOffError(Exception):
    """A transaction was aborted, and the process goes on."""


class Fault:
    """What happens between a batch's fold and the end of its commit, once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._left = PASSED_BEFORE

    def is_due(self, name: str) -> bool:
        if name != self.name:
            return False
        self._left -= 1
        return self._left == -1


async def commit_sound(fault: Fault, partition: Any, folded: Any, *rest: Any) -> int:
    """As it is, with the faults that a sound build survives."""
    if fault.is_due("frozen"):
        os.kill(os.getpid(), signal.SIGSTOP)
    if fault.is_due("killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    if fault.is_due("broken off"):
        await partition.producer.begin_transaction()
        await partition.producer.abort_transaction()
        raise BrokenOffError
    return await commit(partition, folded, *rest)


async def commit_in_two(
    fault: Fault, partition: Any, folded: Any, marker: Any, names: Names, *, is_offset_first: bool
) -> int:
    """The offset by itself; where the process is killed between, one of both is missing."""
    nothing = replace(
        folded,
        rows={},
        stored={},
        outputs=[],
        settings=partition.settings,
        clocks=partition.clocks,
    )
    if is_offset_first:
        await commit(partition, nothing, marker, names)
    else:
        await commit(partition, folded, partition.marker, names)
    if fault.is_due("killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    return await commit(partition, folded if is_offset_first else nothing, marker, names)


async def commit_after_memory(
    fault: Fault, partition: Any, folded: Any, marker: Any, names: Names
) -> int:
    """The rows in memory are those of a transaction that may never be committed."""
    partition.committed(
        rows=folded.rows,
        stored=folded.stored,
        marker=partition.marker,
        settings=folded.settings,
        clocks=folded.clocks,
    )
    return await commit_sound(fault, partition, folded, marker, names)


async def recover_as_faust_does(self: Any, *_: int) -> None:
    """Let events into queues and empty these a moment later; nobody looks for the gap."""
    app, consumer = self.app, self.app.consumer
    await app.on_rebalance_complete.send()
    mine = {tp.partition for tp in app.assignor.assigned_actives() if tp.topic == app.names.log}
    await take_over(app.held, mine, names=app.names, connection=app.connection)
    await consumer.perform_seek()
    app.flow_control.resume()
    consumer.resume_flow()
    consumer.resume_partitions({tp for tp in consumer.assignment() if tp.topic == app.names.log})
    await app._fetcher.maybe_start()
    while not any(queue.qsize() for queue in app.flow_control._queues):  # noqa: ASYNC110 - none tells
        await asyncio.sleep(0)
    app.flow_control.resume()
    self.completed.set()
    self.tables.on_actives_ready()
    self.tables.on_standbys_ready()
    app.on_rebalance_end()
    app.held.is_ready = True


def goes_on_after_gaps(code: Exit, **facts: object) -> None:
    if code is not Exit.GAP:
        exit_now(code, **facts)


def folding_again(fold_part: Callable[..., Any]) -> Callable[..., Any]:
    """What was aborted is folded again by the process that goes on."""

    async def run(*args: Any) -> None:
        while True:
            try:
                return await fold_part(*args)
            except BrokenOffError:
                continue

    return run


def patch(build: str, fault: Fault) -> None:
    """Build the worker wrong."""
    run: Callable[..., Any] = commit_sound
    more: dict[str, Any] = {}
    match build:
        case "offset before the transaction" | "offset after the transaction":
            run, more = commit_in_two, {"is_offset_first": "before" in build}
        case "memory changed before the commit":
            run = commit_after_memory
        case "no fencing":
            own = Names.transactional_id
            Names.transactional_id = lambda self, number: f"{own(self, number)}-{os.getpid()}"  # type: ignore[method-assign]
        case "recovery as Faust does it":
            RowsRecovery._recover = recover_as_faust_does  # type: ignore[method-assign]
            agent.exit_now = goes_on_after_gaps  # type: ignore[assignment,attr-defined]
            FAUST_SETTINGS["consumer_max_fetch_size"] = FETCH_BYTES

    async def committing(*args: Any) -> int:
        return int(await run(fault, *args, **more))

    agent.commit = committing  # type: ignore[attr-defined]
    agent._fold_part = folding_again(agent._fold_part)


if __name__ == "__main__":
    be_quick()
    patch(sys.argv[1], Fault(sys.argv[2]))
    app(["worker"])
