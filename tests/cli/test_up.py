"""`subfold up` and `subfold demo` as a user meets them, on the embedded Kafka."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUBFOLD = Path(sys.executable).with_name("subfold")
RUNNING = "all is running"
SETTINGS = """
[ingest]
port = 0
[worker]
port = 0
[console]
port = 0
"""
OTHER_RULES = '[contact]\nmatch = "email"\n'


def environment() -> dict[str, str]:
    """Without a Kafka that the tests may have been given."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SUBFOLD_", "KAFKA_", "STRIPE_"))
    }


class Up:
    """A running `subfold up` and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []

    def read_until(self, words: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return
        raise AssertionError(f"it never said {words!r}:\n{''.join(self.said)}")

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=60)
        self.said += output.splitlines(keepends=True)
        return self.process.returncode

    def roles(self) -> dict[str, int]:
        """Process ids by name of role."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        commands = {
            int(child): Path(f"/proc/{child}/cmdline").read_text().split("\0") for child in children
        }
        return {command[4]: child for child, command in commands.items() if "cli" in command}


@contextmanager
def up(folder: Path, settings: str = SETTINGS) -> Iterator[Up]:
    (folder / "subfold.toml").write_text(settings)
    with subprocess.Popen(
        [SUBFOLD, "up"],
        cwd=folder,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            yield Up(process)
        finally:
            process.terminate()


def test_up_keeps_all_roles_running_ends_in_order_and_finds_its_data_again(tmp_path: Path):
    with up(tmp_path) as first:
        first.read_until(RUNNING)
        os.kill(first.roles()["worker"], signal.SIGKILL)
        first.read_until("worker │ ended (SIGKILL); starts again in 0.5 s")
        first_code = first.end()
    with up(tmp_path, OTHER_RULES + SETTINGS) as second:
        second.read_until(RUNNING)
        second_code = second.end()

    said = "".join(second.said)
    assert (first_code, second_code) == (0, 0)
    assert "subfold │ settings: version 1, applied\n" in first.said
    assert first.said[-1] == "subfold │ stopped\n"
    assert "topics: all there" in said
    assert "settings: version 1; subfold.toml: not applied: run `subfold settings apply`" in said


def test_the_demo_finds_in_kafka_what_the_pure_fold_says(tmp_path: Path):
    done = subprocess.run(
        [SUBFOLD, "demo", "--data", tmp_path / "demo"],
        env=environment(),
        text=True,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "are the same as the pure fold makes of the log" in done.stdout
    assert "the console shows all 249 accounts" in done.stdout
