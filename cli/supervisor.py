"""Keeps the processes of one machine running: restarts with back-off, one log, an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 30.0
STEADY_S = 60.0
LINE_BYTES_MAX = 2**20
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A process to keep running. `stop_timeout_s` is what it gets to end before it is killed."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stop_timeout_s: float = 20.0


def next_pause_s(previous_s: float, *, ran_s: float) -> float:
    """How long to wait before a role that ended is started again.

    Doubles from half a second to half a minute; a role that ran for a minute starts afresh.
    """
    if ran_s >= STEADY_S or not previous_s:
        return PAUSE_FIRST_S
    return min(2 * previous_s, PAUSE_MAX_S)


class Supervisor:
    """Runs roles as processes of their own, and ends them in the reverse order of their start.

    Args:
        write: Gets each line of output, with the name of the role it came from.
        sleep: Waits before a restart.
    """

    def __init__(
        self,
        write: Callable[[str, str], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._write = write
        self._sleep = sleep
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, role: Role) -> None:
        """Start a role, and start it again whenever it ends."""
        self._tasks[role.name] = asyncio.create_task(self._keep_running(role), name=role.name)

    async def stop(self) -> None:
        """End all roles, the last one started first; each has ended before the next is asked."""
        while self._tasks:
            _, task = self._tasks.popitem()
            task.cancel()
            await asyncio.wait([task])

    async def _keep_running(self, role: Role) -> None:
        clock = asyncio.get_running_loop().time
        pause_s = 0.0
        while True:
            started_s = clock()
            code = await self._run(role)
            pause_s = next_pause_s(pause_s, ran_s=clock() - started_s)
            self._write(role.name, f"ended ({_words(code)}); starts again in {pause_s:g} s")
            await self._sleep(pause_s)

    async def _run(self, role: Role) -> int:
        process = await asyncio.create_subprocess_exec(
            *role.command,
            env=role.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_BYTES_MAX,
            # A session of its own: Ctrl-C in the terminal reaches us alone, and we keep the order.
            start_new_session=True,
            preexec_fn=_end_with_parent(os.getpid()),
        )
        assert process.stdout  # noqa: S101 - a pipe was asked for
        reader = asyncio.create_task(self._copy(role.name, process.stdout))
        try:
            return await process.wait()
        finally:
            await _end(process, role.stop_timeout_s)
            # A grandchild in a session of its own may hold the pipe open: nobody waits for it.
            await asyncio.wait([reader], timeout=1)
            reader.cancel()

    async def _copy(self, name: str, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:
                continue  # longer than any line of ours: asyncio has thrown it away
            if not line:
                return
            self._write(name, line.decode(errors="replace").rstrip())


async def _end(process: asyncio.subprocess.Process, timeout_s: float) -> None:
    """Ask the process to end, wait, then kill whatever is left of its group."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), timeout_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _end_with_parent(parent: int) -> Callable[[], None] | None:
    """Make what a child runs before its program, so that SIGTERM ends it when we are gone."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded here: between fork and exec nothing may be imported

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before it could be asked
            os._exit(1)

    return ask_kernel


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_signalled(work: Awaitable[int]) -> int:
    """Do the work to its end, or until a signal asks to stop: then let it clean up and return 0."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, asked.set)
    task = asyncio.ensure_future(work)
    waiter = asyncio.create_task(asked.wait())
    await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    return 0 if task.cancelled() else task.result()
