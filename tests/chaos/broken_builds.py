"""Given workers that are built wrong on purpose: the verifier catches each, and `make chaos` fails
when it does not. The same faults leave nothing wrong where the worker is built as it is.

Not among the tests of `make test`: it says something of the verifier, and takes its time.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

import broken_worker
from broken_worker import BUILDS
from load import Load
from on_stage import records, verdict
from verifier import Anomaly, summary
from worker_process import Worker, until
from worker_stage import Stage, stage

LOAD = Load(seed=5)
EVENTS = 300
FAULT_OF = {
    "offset before the transaction": "killed",
    "offset after the transaction": "killed",
    "memory changed before the commit": "broken off",
    "no fencing": "frozen",
    "recovery as Faust does it": "none",
}


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


def start(here: Stage, build: str, fault: str = "none") -> Worker:
    return here.start(program=[sys.executable, Path(broken_worker.__file__), build, fault])


async def outcome(here: Stage, build: str, fault: str) -> list[Anomaly]:
    """Have the build meet the fault, and others of the same build go on to the end."""
    await here.append(records(LOAD, 0, EVENTS))
    first = start(here, build, fault)
    if fault == "killed":
        assert await first.ended() == -signal.SIGKILL, first.text
        start(here, build)
    if fault == "frozen":
        await until_frozen(first)
        start(here, build)
        await here.until_done()
        first.signal(signal.SIGCONT)
        await until_heard_of(here, first)
    await here.until_done()
    return await verdict(here)


async def until_frozen(worker: Worker) -> None:
    status = Path(f"/proc/{worker.process.pid}/stat")

    async def is_frozen() -> bool:
        text = await asyncio.to_thread(status.read_text)
        return text.rpartition(")")[2].split()[0] == "T"

    await until(is_frozen)


async def until_heard_of(here: Stage, zombie: Worker) -> None:
    """Wait until the zombie was fenced; or has written, and said what of."""

    async def is_heard_of() -> bool:
        if "partition_fenced" in zombie.text or zombie.process.poll() is not None:
            return True
        lines = (await zombie.get("/metrics"))[1].splitlines()
        done = [line for line in lines if line.startswith("subfold_transactions_total ")]
        return bool(done) and float(done[0].split()[1]) > broken_worker.PASSED_BEFORE

    await until(is_heard_of)


@pytest.mark.parametrize("build", BUILDS[1:])
async def test_a_build_that_is_broken_is_caught(here, build):
    found = await outcome(here, build, FAULT_OF[build])

    print(f"{build}, {FAULT_OF[build]}: {summary(found)}")  # noqa: T201 - for who runs it
    for each in found[:3]:
        print(f"    {each}")  # noqa: T201
    assert found


@pytest.mark.parametrize("fault", sorted(set(FAULT_OF.values())))
async def test_the_same_fault_leaves_nothing_wrong_in_a_sound_build(here, fault):
    assert await outcome(here, "sound", fault) == []
