"""Brokers that are killed: the one that `subfold up` runs, or three with a controller apart.

The three keep every topic on all of them, and two must have a record before it counts. Their
controller is a process of its own that lives: so that two brokers can be killed and the third still
be told that it is alone in sync.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Protocol

from aiokafka.errors import KafkaError

from posting import AT_ONCE, Poster
from schemas.errors import BrokerError
from streams.log.cluster_state import connected
from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.cluster import START_TIMEOUT_S, prepare_runtime
from streams.log.embedded.node import Node, cluster_id_of, free_port
from streams.log.embedded.owner import claim
from streams.log.embedded.properties import HOST, Seat
from streams.log.embedded.ready import wait_until_ready
from worker_process import until
from worker_stage import Stage

BROKERS = 3
WITHOUT_S = 3
"""How long a killed broker is away: past its session, so that others lead what it led."""
TOO_FEW = "leave fewer in sync than must be"
KILLS = (
    "kill the leader of a partition of the log",
    "kill the group's coordinator",
    "kill the coordinator of a transaction",
)


class Cluster(Protocol):
    """What `Chaos` has to know of its brokers."""

    actions: tuple[str, ...]

    @property
    def bootstrap_servers(self) -> str: ...

    @property
    def is_running(self) -> bool:
        """Whether it can take what is written."""

    async def do(self, action: str, here: Stage, poster: Poster) -> None:
        """Do one of the actions, and heal."""


class OneBroker:
    """The broker of `subfold up`."""

    actions = ("kill the broker",)

    def __init__(self, kafka: EmbeddedKafka) -> None:
        self._kafka = kafka

    @property
    def bootstrap_servers(self) -> str:
        return self._kafka.bootstrap_servers

    @property
    def is_running(self) -> bool:
        return self._kafka.is_running

    async def do(self, action: str, here: Stage, poster: Poster) -> None:
        os.kill(self._kafka.pid or 0, signal.SIGKILL)
        self._kafka.wait()
        await asyncio.to_thread(self._kafka.start)


class _Node(Node):
    """A node with one role; what is said last in a file of properties counts."""

    roles: str

    def _write(self, name: str, text: str) -> None:
        if name == "server.properties":
            text += self.roles
        super()._write(name, text)


class ThreeBrokers:
    """Three brokers and a controller, from start to end of a `with`."""

    actions = (*KILLS, TOO_FEW)

    def __init__(self, folder: Path) -> None:
        seats = [
            Seat(node_id=number, port=free_port(), controller_port=free_port())
            for number in range(1, BROKERS + 2)
        ]
        cluster_id = cluster_id_of(folder / "1")
        *brokers, last = (
            _Node(
                folder=folder / str(seat.node_id),
                seat=seat,
                cluster=seats[:BROKERS],
                cluster_id=cluster_id,
            )
            for seat in seats
        )
        at = f"{HOST}:{last.seat.controller_port}"
        voters = f"controller.quorum.voters={last.seat.node_id}@{at}\n"
        for node in brokers:
            listens = f"CLIENTS://{HOST}:{node.seat.port}"
            node.roles = f"{voters}process.roles=broker\nlisteners={listens}\n"
        listens = f"listeners=CONTROLLER://{at}\nadvertised.listeners=CONTROLLER://{at}\n"
        last.roles = f"{voters}process.roles=controller\n{listens}"
        self._controller = last
        self._brokers = {node.seat.node_id: node for node in brokers}

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"{HOST}:{node.seat.port}" for node in self._brokers.values())

    @property
    def is_running(self) -> bool:
        return sum(node.is_running for node in self._brokers.values()) >= BROKERS - 1

    def start(self) -> None:
        """Start what does not run, and wait until all are in the cluster again."""
        runtime = prepare_runtime()
        nodes = (self._controller, *self._brokers.values())
        for node in nodes:
            if not node.is_running:
                node.start(runtime, claim(node.folder))
        is_ready = wait_until_ready(
            tuple(node.seat.port for node in self._brokers.values()),
            is_running=lambda: all(node.is_running for node in nodes),
            timeout_s=START_TIMEOUT_S,
        )
        assert is_ready, "\n".join(node.last_words() for node in nodes)
        for node in nodes:
            node.declare_ready()

    def __enter__(self) -> ThreeBrokers:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self._brokers.values():
            node.tell_to_stop()
        for node in self._brokers.values():
            node.stop()
        self._controller.stop()

    async def do(self, action: str, here: Stage, poster: Poster) -> None:
        # Kafka may lose what is acknowledged when the last that has it goes.
        await until_in_sync(here, BROKERS)
        if action == TOO_FEW:
            await self._leave_too_few(here, poster)
        else:
            self._kill(self._brokers[await _who(action, here)])
            await asyncio.sleep(WITHOUT_S)
        await asyncio.to_thread(self.start)

    async def _leave_too_few(self, here: Stage, poster: Poster) -> None:
        """Leave one broker; the door must say 503 to all that is posted, until there are more."""
        for node in list(self._brokers.values())[1:]:
            self._kill(node)
        await until_in_sync(here, 1)
        # What was answered just before may be on its way to us.
        await until_refused(poster, AT_ONCE)
        before = len(poster.acknowledged)
        await until_refused(poster, 2 * AT_ONCE)
        assert len(poster.acknowledged) == before, "2xx without enough copies"

    def _kill(self, node: Node) -> None:
        os.kill(node.pid or 0, signal.SIGKILL)
        node.wait()


async def until_refused(poster: Poster, times: int) -> None:
    """Wait until so many more events were answered 503."""
    wanted = poster.answers[503] + times

    async def is_refused() -> bool:
        return poster.answers[503] >= wanted

    await until(is_refused)


async def until_in_sync(here: Stage, copies: int) -> None:
    """Wait until each partition has so many copies in sync, of every topic."""

    async def is_so() -> bool:
        try:
            async with connected(here.kafka) as admin:
                topics = await admin.describe_topics()
        except BrokerError:
            return False
        return {len(part["isr"]) for topic in topics for part in topic["partitions"]} == {copies}

    await until(is_so)


async def _who(action: str, here: Stage) -> int:
    """The id of the broker that leads partition 0 of the log, its group or its transactions."""
    while True:
        try:
            async with connected(here.kafka) as admin:
                if action == KILLS[0]:
                    [topic] = await admin.describe_topics([here.names.log])
                    return next(
                        part["leader"] for part in topic["partitions"] if part["partition"] == 0
                    )
                if action == KILLS[1]:
                    return await admin.find_coordinator(here.names.group)
                return await admin.find_coordinator(here.names.transactional_id(0), 1)
        except (BrokerError, KafkaError):
            await asyncio.sleep(0.2)
