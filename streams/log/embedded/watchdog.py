"""Becomes the broker, and leaves a small process behind that ends it when its launcher is gone.

Run as a script by a bare Python: `watchdog.py LOCK_FD COMMAND...`, with a pipe from the launcher on
standard input. The pipe breaks when the launcher ends, however it ends; a signal on the parent's
death would not do, since it comes with the end of the *thread* that started the child.
"""

from __future__ import annotations

import os
import signal
import sys
import time

PATIENCE_S = 15.0
STEP_S = 0.05


def main() -> None:
    """Fork: the child watches, the parent turns into the broker and keeps its process id."""
    lock, command = int(sys.argv[1]), sys.argv[2:]
    broker = os.getpid()
    if os.fork() == 0:
        os.close(lock)
        _watch(broker)
        os._exit(0)
    # The broker keeps the lock open, so it holds for exactly as long as the broker lives.
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    os.execv(command[0], command)  # noqa: S606 - the launcher's own command


def _watch(broker: int) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    for sign in (signal.SIGTERM, signal.SIGKILL):
        # Once the broker has ended, this process has another parent; the number may be anyone's.
        waited = 0.0
        while os.getppid() == broker and waited < PATIENCE_S:
            if waited == 0.0:
                os.kill(broker, sign)
            time.sleep(STEP_S)
            waited += STEP_S


if __name__ == "__main__":
    main()
