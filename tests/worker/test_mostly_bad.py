"""Given a real worker and a log of which most cannot be read."""

from __future__ import annotations

import os
import subprocess

import pytest

from build import customer, updated
from fetched import fetched
from streams.log.embedded.node import free_port
from streams.log.topics import DEAD_LETTERS
from worker_process import SUBFOLD
from worker_stage import stage

STRANGE = {"object": "event", "type": "customer.updated", "data": {"object": "of a new kind"}}


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


def worker(here, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [SUBFOLD, "worker"],
        cwd=here.folder,
        env={
            "PATH": os.environ["PATH"],
            "KAFKA_BOOTSTRAP_SERVERS": str(here.kafka.bootstrap_servers),
            "SUBFOLD_KAFKA__PREFIX": here.kafka.prefix,
            "SUBFOLD_KAFKA__PARTITIONS": str(here.kafka.partitions),
            "SUBFOLD_WORKER__PORT": str(free_port()),
            **environ,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def test_it_stops_at_each_start_and_buries_nothing_until_it_is_told_to(here):
    await here.append(
        [
            *(fetched(updated(customer()), partition=number % 2) for number in range(40)),
            *(fetched(STRANGE, partition=0) for _ in range(150)),
        ]
    )
    for _ in range(2):
        process = worker(here)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 75
        assert "mostly_bad" in said
        assert "dead_letters_max" in said
    assert await here.read(DEAD_LETTERS) == [[], []]

    process = worker(here, SUBFOLD_WORKER__DEAD_LETTERS_MAX="200")
    try:
        await here.until_done()
    finally:
        process.kill()
        process.communicate()
    assert [len(part) for part in await here.read(DEAD_LETTERS)] == [150, 0]
