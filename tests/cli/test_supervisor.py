import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cli.supervisor import PAUSE_FIRST_S, PAUSE_MAX_S, Role, Supervisor, next_pause_s

STEADY = "import time; print('up', flush=True); time.sleep(600)"
POLITE = """
import signal, sys, time
def leave(*_):
    print('bye', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print('up', flush=True)
time.sleep(600)
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
print('up', flush=True)
time.sleep(600)
"""


class Lines:
    """What the roles said, and a way to wait until they have said something."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self._more = asyncio.Event()

    def write(self, name: str, line: str) -> None:
        self.said.append((name, line))
        self._more.set()

    async def wait_for(self, name: str, line: str, times: int = 1) -> None:
        while self.said.count((name, line)) < times:
            self._more.clear()
            await asyncio.wait_for(self._more.wait(), 30)


def role(name: str, program: str, stop_timeout_s: float = 20) -> Role:
    return Role(
        name=name,
        command=(sys.executable, "-c", program),
        environment=os.environ,
        stop_timeout_s=stop_timeout_s,
    )


async def no_wait(_: float) -> None:
    await asyncio.sleep(0)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_pauses_double_up_to_half_a_minute():
    pauses = [0.0]
    for _ in range(8):
        pauses.append(next_pause_s(pauses[-1], ran_s=1))

    assert pauses[1:] == [0.5, 1, 2, 4, 8, 16, PAUSE_MAX_S, PAUSE_MAX_S]


def test_a_role_that_ran_for_a_minute_starts_afresh():
    assert next_pause_s(16, ran_s=60) == PAUSE_FIRST_S


async def test_a_dying_role_is_started_again_after_longer_and_longer_pauses():
    pauses: list[float] = []
    lines = Lines()

    async def remember(pause_s: float) -> None:
        pauses.append(pause_s)
        await asyncio.sleep(0)

    supervisor = Supervisor(lines.write, sleep=remember)
    supervisor.start(role("worker", "print('up', flush=True); raise SystemExit(3)"))
    await lines.wait_for("worker", "up", times=3)
    await supervisor.stop()

    assert pauses[:2] == [0.5, 1]
    assert ("worker", "ended (exit code 3); starts again in 0.5 s") in lines.said


async def test_roles_end_in_the_reverse_order_of_their_start():
    lines = Lines()
    supervisor = Supervisor(lines.write, sleep=no_wait)
    for name in ("kafka", "ingest", "worker"):
        supervisor.start(role(name, POLITE))
        await lines.wait_for(name, "up")
    await supervisor.stop()

    assert [name for name, line in lines.said if line == "bye"] == ["worker", "ingest", "kafka"]


async def test_a_role_that_ignores_the_request_to_end_is_killed():
    lines = Lines()
    supervisor = Supervisor(lines.write, sleep=no_wait)
    supervisor.start(role("worker", DEAF, stop_timeout_s=0.1))
    await lines.wait_for("worker", "up")
    await supervisor.stop()

    assert not is_alive(int(lines.said[0][1]))


async def test_a_line_longer_than_the_limit_does_not_end_the_reading():
    lines = Lines()
    supervisor = Supervisor(lines.write, sleep=no_wait)
    supervisor.start(role("worker", "print('x' * 2**22, flush=True)\n" + STEADY))
    await lines.wait_for("worker", "up")
    await supervisor.stop()

    assert lines.said[-1] == ("worker", "up")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_children_end_when_their_parent_is_killed():
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
                import asyncio, os, sys
                from cli.supervisor import Role, Supervisor

                async def main():
                    supervisor = Supervisor(lambda _, line: print(line, flush=True))
                    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
                    supervisor.start(Role(
                        name="worker",
                        command=(sys.executable, "-c", program),
                        environment=os.environ,
                    ))
                    await asyncio.sleep(600)

                asyncio.run(main())
            """),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()

    # The pipe's other end is the parent's alone; the child is gone as soon as the kernel told it.
    while is_alive(child):
        os.sched_yield()
