"""One broker process over one data folder: formats it once, starts, stops."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import BrokerError
from streams.log.embedded import owner
from streams.log.embedded.archive import Runtime
from streams.log.embedded.process import spawn, stop
from streams.log.embedded.properties import HOST, Seat, log4j2_properties, server_properties

FORMATTED = "cluster-id"
OUTPUT = "java.log"
LAST_LINES = 8


def free_port() -> int:
    """Find a port that nobody listens on at this moment."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a broker could listen on this port now."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def cluster_id_of(folder: Path) -> str:
    """The cluster that a folder was formatted for; a new one when it was not."""
    try:
        return (folder / FORMATTED).read_text()
    except FileNotFoundError:
        # The first byte is fixed since an id with a dash in front would be taken for an option.
        return base64.urlsafe_b64encode(b"s" + secrets.token_bytes(15)).decode()[:22]


@dataclass(slots=True, kw_only=True)
class Node:
    """A broker that may be running. It keeps its folder locked for exactly as long as it lives."""

    folder: Path
    seat: Seat
    cluster: Sequence[Seat]
    cluster_id: str
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _lock: int | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """Process id of the broker, once it was started."""
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether the broker process lives; it may not answer yet."""
        return self._process is not None and self._process.poll() is None

    def start(self, runtime: Runtime, lock: int, flags: Sequence[str] = ()) -> None:
        """Start the broker on a folder that was claimed with `lock`.

        Raises:
            BrokerError: The folder cannot be formatted.
        """
        self._lock = lock
        self._note(os.getpid(), is_ready=False)
        (self.folder / OUTPUT).unlink(missing_ok=True)
        self._write("server.properties", server_properties(self.folder, self.seat, self.cluster))
        self._write("log4j2.properties", log4j2_properties(self.folder))
        if not (self.folder / FORMATTED).exists():
            self._format(runtime)
        self._process = self._java(runtime, "kafka.Kafka", *flags)
        self._note(self._process.pid, is_ready=False)

    def declare_ready(self) -> None:
        """Note that the broker answers; from here on the lock is the broker's alone."""
        if self._process and self._lock is not None:
            self._note(self._process.pid, is_ready=True)
        self._let_go()

    def tell_to_stop(self) -> None:
        """Send the signal and do not wait."""
        if self._process and self.is_running:
            self._process.terminate()

    def stop(self) -> None:
        """Stop the broker if it runs; its data stay."""
        if self._process:
            stop(self._process)
        self._let_go()

    def wait(self) -> int | None:
        """Wait until the broker ends by itself or by a signal, and return its exit code."""
        return self._process.wait() if self._process else None

    def last_words(self) -> str:
        """The end of what Java and Kafka have written, to explain why it ended."""
        lines: list[str] = []
        for name in ("kafka.log", OUTPUT):
            path = self.folder / name
            if path.exists():
                written = path.read_text(errors="replace").splitlines()
                lines += [line for line in written if not line.startswith("\tat ")][-LAST_LINES:]
        return "\n".join(lines)

    def _format(self, runtime: Runtime) -> None:
        """Give both folders their ids and features; over again if that was broken off before."""
        for name in ("log", "metadata"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        tool = self._java(
            runtime, "kafka.tools.StorageTool", after=("format", "-t", self.cluster_id, "-c")
        )
        if tool.wait() != 0:
            raise BrokerError(f"{self.folder} cannot be formatted for Kafka:\n{self.last_words()}")
        stop(tool)
        self._write(FORMATTED, self.cluster_id)

    def _java(
        self, runtime: Runtime, main: str, *flags: str, after: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        assert self._lock is not None  # noqa: S101 - set by `start`
        command = runtime.command(
            *flags,
            "-XX:+ExitOnOutOfMemoryError",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            main,
            *after,
            str(self.folder / "server.properties"),
        )
        return spawn(command, lock=self._lock, output=self.folder / OUTPUT)

    def _note(self, pid: int, *, is_ready: bool) -> None:
        assert self._lock is not None  # noqa: S101 - set by `start`
        owner.note(self._lock, owner.Owner(pid=pid, port=self.seat.port, is_ready=is_ready))

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _write(self, name: str, text: str) -> None:
        scratch = self.folder / f".{name}"
        scratch.write_text(text)
        scratch.replace(self.folder / name)
