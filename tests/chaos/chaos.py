"""Chaos on one machine: a door, workers and a broker that are killed, frozen, stopped and added.

The schedule follows from its seed; what the machine makes of it does not. Whoever ended is started
again after a moment, as a supervisor would.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import ingest_process
from load import Load
from posting import Poster
from streams.log.embedded import EmbeddedKafka
from worker_process import Worker, until
from worker_stage import Stage

WORKERS = 2
WORKERS_MAX = 3
SESSION_S = 4.0
FROZEN_S = SESSION_S + 3
PAUSE_S = (0.2, 1.5)
RESTART_S = 0.3
DRAIN_S = 240
DYING_S = 8
IN_TRANSACTION = ("rows sent", "offsets sent", "before commit")
ACTIONS = (
    "kill a worker",
    "kill a worker within a transaction",
    "freeze a worker past its session",
    "kill the broker",
    "stop a worker",
    "kill the door",
    "add a worker",
)


def schedule(seed: int) -> Iterator[tuple[float, str]]:
    """Pauses and what is done after each, without end: every action once a round, in any order."""
    chance = random.Random(seed)  # noqa: S311 - it says the run
    while True:
        for action in chance.sample(ACTIONS, len(ACTIONS)):
            yield chance.uniform(*PAUSE_S), action


@dataclass
class Chaos:
    """Everything that runs, and what was done to it."""

    here: Stage
    kafka: EmbeddedKafka
    folder: Path
    seed: int
    load: Load
    port: int
    done: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    _wanted: int = WORKERS
    _door: subprocess.Popen | None = None
    _poster: Poster = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - it says the run
        self._poster = Poster(self.load.bodies(), self.port)

    @property
    def acknowledged(self) -> list[bytes]:
        """What the door has answered 2xx for."""
        return self._poster.acknowledged

    @property
    def fenced(self) -> int:
        """How often a worker was told that its partition is another's."""
        return sum(worker.text.count("partition_fenced") for worker in self.here.workers)

    async def run(self, seconds: float) -> None:
        """Load and faults for so long; a round of all actions is ended. Then heal and drain."""
        supervisor = asyncio.create_task(self._supervise())
        poster = asyncio.create_task(self._poster.run())
        try:
            await until(self._has_begun)
            ends_s = monotonic() + seconds
            for number, (pause_s, action) in enumerate(schedule(self.seed)):
                if number and number % len(ACTIONS) == 0 and monotonic() > ends_s:
                    break
                await asyncio.sleep(pause_s)
                await self._do(action)
            await self._poster.stop(poster)
            await self._drain()
        finally:
            supervisor.cancel()
            poster.cancel()
            if self._door:
                self._door.kill()
                self._door.wait()

    async def _do(self, action: str) -> None:
        self.done[action] += 1
        worker = self._chance.choice(self._running())
        match action:
            case "kill a worker":
                worker.kill()
            case "kill a worker within a transaction":
                worker.kill()
                dying = self._start_worker(self._chance.choice(IN_TRANSACTION))
                with suppress(subprocess.TimeoutExpired):  # it may have got no partition
                    await asyncio.to_thread(dying.process.wait, DYING_S)
            case "freeze a worker past its session":
                worker.signal(signal.SIGSTOP)
                await asyncio.sleep(FROZEN_S)
                worker.signal(signal.SIGCONT)
            case "stop a worker":
                worker.signal(signal.SIGTERM)
            case "kill the door" if self._door:
                self._door.kill()
            case "kill the broker":
                os.kill(self.kafka.pid or 0, signal.SIGKILL)
                self.kafka.wait()
                await asyncio.to_thread(self.kafka.start)
            case "add a worker":
                # One too many leaves by itself: the next that ends is not started again.
                self._wanted = WORKERS_MAX if self._wanted == WORKERS else WORKERS

    def _running(self) -> list[Worker]:
        running = [each for each in self.here.workers if each.process.poll() is None]
        return running or [self._start_worker()]

    async def _supervise(self) -> None:
        """Have as many workers as are wanted, and a door."""
        known: set[int] = set()
        while True:
            for worker in self.here.workers:
                code = worker.process.poll()
                if code is not None and worker.process.pid not in known:
                    known.add(worker.process.pid)
                    self.exits[code] += 1
            running = [each for each in self.here.workers if each.process.poll() is None]
            if len(running) < self._wanted and self.kafka.is_running:
                self._start_worker()
            if self._door is None or self._door.poll() is not None:
                self._door = self._start_door()
            await asyncio.sleep(RESTART_S)

    def _start_worker(self, dying_at: str = "none") -> Worker:
        return self.here.start(dying_at=dying_at, SESSION_S=str(SESSION_S))

    def _start_door(self) -> subprocess.Popen:
        return ingest_process.start(
            self.folder,
            self.kafka.bootstrap_servers,
            self.here.kafka.prefix,
            SUBFOLD_INGEST__PORT=str(self.port),
        )

    async def _drain(self) -> None:
        """Wait until what is in the log is folded; nothing is killed any more."""
        async with asyncio.timeout(DRAIN_S):
            ends = await self.here.ends()
            while await self.here.committed() != ends:
                await asyncio.sleep(RESTART_S)
                ends = await self.here.ends()

    async def _has_begun(self) -> bool:
        return bool(self.acknowledged) and bool(await self.here.committed())
