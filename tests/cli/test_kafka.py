"""`subfold kafka run | status | stop`, as a user meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SUBFOLD = Path(sys.executable).with_name("subfold")


def subfold(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SUBFOLD, "kafka", *arguments], capture_output=True, text=True, check=False
    )


@contextmanager
def running(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run Kafka in the foreground and give its process and the address that it printed."""
    command = [SUBFOLD, "kafka", "run", "--data", data]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_run_prints_its_address_and_ends_cleanly_on_a_signal(tmp_path: Path, sign: signal.Signals):
    with running(tmp_path) as (process, address):
        state = json.loads(subfold("status", "--data", tmp_path, "--json").stdout)
        assert (state["running"], state["ready"]) == (True, True)
        assert state["bootstrap_servers"] == address

        process.send_signal(sign)
        _, said = process.communicate()

        assert process.returncode == 0
        assert "Traceback" not in said
    assert subfold("status", "--data", tmp_path).returncode == 1


def test_stop_ends_the_one_that_runs_and_a_second_run_is_refused(tmp_path: Path):
    with running(tmp_path) as (process, _):
        second = subfold("run", "--data", tmp_path)
        stopped = subfold("stop", "--data", tmp_path)

        assert second.returncode == 1
        assert "has this data folder" in second.stderr
        assert stopped.returncode == 0
        assert process.wait() == 0


def test_where_nothing_runs_status_says_so_and_stop_is_content(tmp_path: Path):
    status = subfold("status", "--data", tmp_path, "--json")
    stopped = subfold("stop", "--data", tmp_path)

    assert status.returncode == 1
    assert json.loads(status.stdout) == {
        "data": str(tmp_path),
        "running": False,
        "ready": False,
        "pid": None,
        "bootstrap_servers": None,
    }
    assert (stopped.returncode, stopped.stdout) == (0, f"not running; data folder {tmp_path}\n")
