"""The class-data archive: Kafka's classes as Java has them in memory; halves the time to start.

The first broker on a machine records which classes it loads; while it is in use, a process of low
priority makes the archive from that. Whatever goes wrong, Java starts without it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from streams.log.embedded.jars import LOCK_FILE
from streams.log.embedded.process import spawn, stop
from streams.log.embedded.runtime import MEMORY_FLAGS, Java

LOWEST_PRIORITY = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Java and Kafka's jars, ready to run; `cache` is the folder of both archive and jars."""

    java: Java
    jars: tuple[Path, ...]
    cache: Path

    @property
    def class_path(self) -> str:
        """The jars as Java takes them."""
        return os.pathsep.join(map(str, self.jars))

    @property
    def archive(self) -> Path:
        """The archive of exactly this Java, these jars in this place and these flags."""
        parts = (self.java.build, *MEMORY_FLAGS, str(self.cache), LOCK_FILE.read_text())
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return self.cache / f"classes-{key}.jsa"

    def command(self, *arguments: str) -> list[str]:
        """Build a command line of Java over Kafka's jars, with the archive when there is one."""
        archive = self.archive
        shared = [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto"] if archive.exists() else []
        java = [str(self.java.executable), *MEMORY_FLAGS, *shared, "-cp", self.class_path]
        return [*java, *arguments]


class Recorder:
    """Makes the archive, when there is none and nobody else is at it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._classes = runtime.archive.with_suffix(".classes")
        self._lock: int | None = None
        self._dump: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def flags(self) -> tuple[str, ...]:
        """Java's flags for recording; none when there is nothing to record."""
        if self._runtime.archive.exists() or not self._take_lock():
            return ()
        return (f"-XX:DumpLoadedClassList={self._classes}",)

    def make_archive(self) -> None:
        """Begin to make the archive from what the running broker has recorded so far."""
        if self._lock is None:
            return
        with suppress(OSError):
            self._cut_unfinished_line()
            made = self._runtime.archive.with_suffix(".making")
            command = self._runtime.command(
                "-XX:ActiveProcessorCount=1",
                "-Xshare:dump",
                f"-XX:SharedClassListFile={self._classes}",
                f"-XX:SharedArchiveFile={made}",
            )
            output = self._runtime.archive.with_suffix(".log")
            self._dump = spawn(command, lock=self._lock, output=output)
            os.setpriority(os.PRIO_PROCESS, self._dump.pid, LOWEST_PRIORITY)
            self._thread = threading.Thread(target=self._finish, args=(made,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Give up what is not finished; the next broker begins anew."""
        if self._dump and self._thread:
            stop(self._dump)
            self._thread.join()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> bool:
        self._lock = os.open(self._runtime.archive.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
        return self._lock is not None

    def _cut_unfinished_line(self) -> None:
        recorded = self._classes.read_bytes()
        copy = recorded[: recorded.rfind(b"\n") + 1]
        self._classes.unlink()
        self._classes.write_bytes(copy)

    def _finish(self, made: Path) -> None:
        assert self._dump  # noqa: S101 - set by the one who starts the thread
        if self._dump.wait() == 0:
            with suppress(OSError):
                made.replace(self._runtime.archive)
