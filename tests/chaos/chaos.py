"""Chaos on one machine: a door, workers and brokers that are killed, frozen, stopped and added.

Meanwhile newer settings are applied and told to all rows, and moments come by time alone.

The schedule follows from its seed; what the machine makes of it does not. Whoever ended is started
again after a moment, as a supervisor would.
"""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time

from aiokafka.errors import KafkaError

import ingest_process
from clusters import Cluster
from moments import RULES
from posting import Poster
from schemas.codec import decode_row
from schemas.errors import BrokerError
from streams.worker.changelog import Rows, read_rows
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
    "kill the workers within a walk over newer settings",
    "freeze a worker past its session",
    "stop a worker",
    "kill the door",
    "add a worker",
)
STAGES = """
[stages]
precedence = ["{name}", "Trial", "Churn"]
[[stages.rules]]
name = "Trial"
when = {{ status = ["trialing"] }}
[[stages.rules]]
name = "{name}"
when = {{ status = ["active", "past_due"] }}
[[stages.rules]]
name = "Churn"
when = {{ status = ["canceled"] }}
"""


def schedule(seed: int, actions: Sequence[str]) -> Iterator[tuple[float, str]]:
    """Pauses and what is done after each, without end: every action once a round, in any order."""
    chance = random.Random(seed)  # noqa: S311 - it says the run
    while True:
        for action in chance.sample(actions, len(actions)):
            yield chance.uniform(*PAUSE_S), action


@dataclass
class Chaos:
    """Everything that runs, and what was done to it."""

    here: Stage
    cluster: Cluster
    folder: Path
    seed: int
    bodies: Iterator[bytes]
    port: int
    last_due_s: int = 0
    done: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    _wanted: int = WORKERS
    _door: subprocess.Popen | None = None
    poster: Poster = field(init=False)
    _settings_version: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - it says the run
        self.poster = Poster(self.bodies, self.port)
        self.actions = (*ACTIONS, *self.cluster.actions)

    @property
    def acknowledged(self) -> list[bytes]:
        """What the door has answered 2xx for."""
        return self.poster.acknowledged

    @property
    def fenced(self) -> int:
        """How often a worker was told that its partition is another's."""
        return sum(worker.text.count("partition_fenced") for worker in self.here.workers)

    async def run(self, seconds: float) -> None:
        """Load and faults for so long; a round of all actions is ended. Then heal and drain."""
        await self._apply_settings()
        supervisor = asyncio.create_task(self._supervise())
        poster = asyncio.create_task(self.poster.run())
        try:
            await until(self._has_begun)
            ends_s = monotonic() + seconds
            for number, (pause_s, action) in enumerate(schedule(self.seed, self.actions)):
                if number and number % len(self.actions) == 0 and monotonic() > ends_s:
                    break
                await asyncio.sleep(pause_s)
                await self._do(action)
            await self.poster.stop(poster)
            await self._drain()
        finally:
            supervisor.cancel()
            poster.cancel()
            self._kill_door()

    async def _do(self, action: str) -> None:
        self.done[action] += 1
        worker = self._chance.choice(self._running())
        match action:
            case "kill a worker":
                worker.kill()
            case "kill a worker within a transaction":
                worker.kill()
                await self._until_dead(self._start_worker(self._chance.choice(IN_TRANSACTION)))
            case "kill the workers within a walk over newer settings":
                await self._kill_in_walk()
            case "freeze a worker past its session":
                worker.signal(signal.SIGSTOP)
                await asyncio.sleep(FROZEN_S)
                worker.signal(signal.SIGCONT)
            case "stop a worker":
                worker.signal(signal.SIGTERM)
            case "kill the door":
                self._kill_door()
            case "add a worker":
                # One too many leaves by itself: the next that ends is not started again.
                self._wanted = WORKERS_MAX if self._wanted == WORKERS else WORKERS
            case _:
                await self.cluster.do(action, self.here, self.poster)

    def _kill_door(self) -> None:
        if self._door:
            self._door.kill()
            self._door.wait()

    async def _kill_in_walk(self) -> None:
        """Apply newer settings, and leave one worker, which dies when it has told some rows."""
        # The verifier reckons with walks that came to their end.
        await until(self._is_walked)
        wanted, self._wanted = self._wanted, 1
        for worker in self._running():
            worker.kill()
        dying = self._start_worker("walked")
        await self._apply_settings()
        await self._until_dead(dying)
        self._wanted = wanted

    async def _until_dead(self, dying: Worker) -> None:
        with suppress(subprocess.TimeoutExpired):  # it may have got no partition
            await asyncio.to_thread(dying.process.wait, DYING_S)

    async def _apply_settings(self) -> None:
        """Call a stage by another name, and have it told."""
        self._settings_version += 1
        name = ("Customer", "Paying")[self._settings_version % 2]
        (self.folder / "settings.toml").write_text(STAGES.format(name=name) + RULES)
        words = ("settings", "apply", "--announce", "now", "--config", "settings.toml")
        while (await self.here.run(*words)).returncode:  # noqa: ASYNC110 - Kafka may be on its way
            await asyncio.sleep(RESTART_S)

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
            if len(running) < self._wanted and self.cluster.is_running:
                self._start_worker()
            if self._door is None or self._door.poll() is not None:
                self._door = self._start_door()
            await asyncio.sleep(RESTART_S)

    def _start_worker(self, dying_at: str = "none") -> Worker:
        return self.here.start(dying_at=dying_at, SESSION_S=str(SESSION_S))

    def _start_door(self) -> subprocess.Popen:
        return ingest_process.start(
            self.folder,
            self.cluster.bootstrap_servers,
            self.here.kafka.prefix,
            SUBFOLD_INGEST__PORT=str(self.port),
        )

    async def _drain(self) -> None:
        """Wait until nothing is left to do; nothing is killed any more."""
        async with asyncio.timeout(DRAIN_S):
            while not await self._is_settled():  # noqa: ASYNC110 - it happens in other processes
                await asyncio.sleep(RESTART_S)

    async def _is_settled(self) -> bool:
        """Whether all is folded, each row is by the last settings, and none is due."""
        if time() < self.last_due_s or await self._committed() != await self.here.ends():
            return False
        now_s = time()
        due = [
            decode_row(row).due_at for each in await self._rows() for row in each.stored.values()
        ]
        return await self._is_walked() and all(at is None or at > now_s for at in due)

    async def _is_walked(self) -> bool:
        partitions = await self._rows()
        versions = {
            decode_row(row).announced.settings_version
            for each in partitions
            for row in each.stored.values()
        }
        versions.update(each.settings.version for each in partitions)
        return versions == {self._settings_version}

    async def _rows(self) -> list[Rows]:
        try:
            return await read_rows(self.here.deployment, lambda _, __: None)
        except BrokerError:
            return []

    async def _committed(self) -> dict[int, int]:
        try:
            return await self.here.committed()
        except KafkaError:
            return {}  # a broker is on its way

    async def _has_begun(self) -> bool:
        return bool(self.acknowledged) and bool(await self._committed())
