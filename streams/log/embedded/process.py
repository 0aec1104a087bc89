"""Starts Java so that it ends when its launcher ends, and holds a lock for as long as it lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

WATCHDOG = Path(__file__).with_name("watchdog.py")
STOP_TIMEOUT_S = 20.0
# What Java has a use for; the rest may be secrets that are none of its business.
ENVIRONMENT = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR")


def spawn(command: Sequence[str], *, lock: int, output: Path) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, so that Ctrl-C reaches the launcher alone.

    Args:
        command: Its first word is an absolute path.
        lock: A locked file descriptor, which the process keeps open.
        output: File that standard output and error are appended to.
    """
    with output.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - our own script and Java, no shell
            [sys.executable, "-I", "-S", str(WATCHDOG), str(lock), *command],
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            pass_fds=(lock,),
            start_new_session=True,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        )


def stop(process: subprocess.Popen[bytes], *, timeout_s: float = STOP_TIMEOUT_S) -> int:
    """End a process by SIGTERM, by SIGKILL when it does not heed it, and return its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
    code = process.wait()
    release(process)
    return code


def release(process: subprocess.Popen[bytes]) -> None:
    """Let the watchdog of an ended process go."""
    if process.stdin:
        process.stdin.close()
