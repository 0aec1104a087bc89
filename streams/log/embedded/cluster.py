"""Brokers as the rest of subfold starts them: one over a data folder, or several as one cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from schemas.errors import BrokerError
from streams.log.embedded.archive import Recorder, Runtime
from streams.log.embedded.jars import cache_folder, ensure_jars
from streams.log.embedded.node import Node, cluster_id_of, free_port, is_free
from streams.log.embedded.owner import claim, last_port
from streams.log.embedded.properties import HOST, Seat
from streams.log.embedded.ready import wait_until_ready
from streams.log.embedded.runtime import find_java

START_TIMEOUT_S = 90.0


def prepare_runtime() -> Runtime:
    """Find Java and have Kafka's jars, fetching them at the first time.

    Raises:
        SettingsError: There is no Java, or nothing to fetch the jars with.
        BrokerError: The jars cannot be fetched.
    """
    java = find_java()
    cache = cache_folder()
    return Runtime(java=java, jars=ensure_jars(cache), cache=cache)


class EmbeddedKafka:
    """One broker over one data folder, which keeps its data from one start to the next."""

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        """Describe the broker; nothing is started yet.

        Args:
            data_dir: Made if it is not there.
            port: Without it the port of the last time, or a free one.
        """
        self._folder = data_dir.absolute()
        self._wanted = port
        self._node: Node | None = None
        self._recorder: Recorder | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients, once it was started."""
        return f"{HOST}:{self._started.seat.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the broker, once it was started."""
        return self._started.pid

    @property
    def is_running(self) -> bool:
        """Whether the broker lives."""
        return self._node is not None and self._node.is_running

    def start(self) -> None:
        """Start the broker and wait until it keeps what it is told.

        Raises:
            BrokerError: Another has the folder, the port is taken, or Kafka does not start.
            SettingsError: There is no Java, or nothing to fetch Kafka with.
        """
        runtime = prepare_runtime()
        lock = claim(self._folder)
        try:
            seat = Seat(node_id=1, port=self._choose_port(), controller_port=free_port())
        except BrokerError:
            os.close(lock)
            raise
        self._node = Node(
            folder=self._folder, seat=seat, cluster=[seat], cluster_id=cluster_id_of(self._folder)
        )
        self._recorder = Recorder(runtime)
        try:
            self._node.start(runtime, lock, self._recorder.flags())
            _await_ready([self._node])
        except BaseException:
            self.stop()
            raise
        self._recorder.make_archive()

    def stop(self) -> None:
        """Stop the broker cleanly if it runs; the data stay."""
        if self._recorder:
            self._recorder.close()
        if self._node:
            self._node.stop()

    def wait(self) -> int | None:
        """Wait until the broker has ended, and return its exit code (143 after SIGTERM)."""
        return self._started.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _started(self) -> Node:
        if self._node is None:
            raise BrokerError("the embedded Kafka was not started")
        return self._node

    def _choose_port(self) -> int:
        if self._wanted is None:
            kept = last_port(self._folder)
            return kept if kept and is_free(kept) else free_port()
        if not is_free(self._wanted):
            raise BrokerError(
                f"port {self._wanted} is taken: name another, or none to get a free one"
            )
        return self._wanted


class EmbeddedCluster:
    """Several brokers as one cluster, for tests: every partition on all, two must acknowledge."""

    def __init__(self, data_dir: Path, size: int = 3) -> None:
        folder = data_dir.absolute()
        seats = [
            Seat(node_id=number, port=free_port(), controller_port=free_port())
            for number in range(1, size + 1)
        ]
        cluster_id = cluster_id_of(folder / "1")
        self.nodes = tuple(
            Node(folder=folder / str(seat.node_id), seat=seat, cluster=seats, cluster_id=cluster_id)
            for seat in seats
        )

    @property
    def bootstrap_servers(self) -> str:
        """Addresses of all nodes."""
        return ",".join(f"{HOST}:{node.seat.port}" for node in self.nodes)

    def start(self) -> None:
        """Start all nodes that do not run and wait until a write reaches enough of them.

        Raises:
            BrokerError: A folder is taken, or Kafka does not start.
        """
        runtime = prepare_runtime()
        try:
            for node in self.nodes:
                if not node.is_running:
                    node.start(runtime, claim(node.folder))
            _await_ready(self.nodes)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all nodes; the controllers need a majority to the end, so all are told at once."""
        for node in self.nodes:
            node.tell_to_stop()
        for node in self.nodes:
            node.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _await_ready(nodes: Sequence[Node]) -> None:
    ports = tuple(node.seat.port for node in nodes)
    is_ready = wait_until_ready(
        ports,
        is_running=lambda: all(node.is_running for node in nodes),
        timeout_s=START_TIMEOUT_S,
    )
    if not is_ready:
        words = "\n".join(node.last_words() for node in nodes)
        raise BrokerError(f"Kafka did not start; see {nodes[0].folder}/kafka.log:\n{words}")
    for node in nodes:
        node.declare_ready()
