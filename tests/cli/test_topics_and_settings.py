"""Given the `subfold` command as a user calls it: what it prints and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

STATUSES = '["active", "past_due"]'
OTHER_STAGES = f"""
[stages]
precedence = ["Customer"]
[[stages.rules]]
name = "Customer"
when = {{ status = {STATUSES} }}
"""


@pytest.fixture
def subfold(tmp_path: Path):
    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("subfold"), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def test_topics_are_shown_without_a_broker(subfold):
    done = subfold("topics", "create", "--print", "--json", SUBFOLD_KAFKA__PREFIX="eu.")

    plan = json.loads(done.stdout)
    assert plan["partitions"] == 12
    assert plan["topics"][0]["name"] == "eu.stripe.events.v1"
    assert {acl["role"] for acl in plan["acls"]} >= {"ingest", "worker", "settings", "reader"}


def test_a_kafka_that_is_not_there_ends_the_command_with_a_sentence(subfold):
    done = subfold("topics", "create", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")

    assert done.returncode == 1
    assert "subfold: Kafka at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_go_from_the_file_into_the_log(subfold, tmp_path, bootstrap_servers, prefix):
    place = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers, "SUBFOLD_KAFKA__PREFIX": prefix}
    assert "created" in subfold("topics", "create", **place).stdout
    assert "version 0: the built-in settings" in subfold("settings", "show", **place).stdout

    (tmp_path / "subfold.toml").write_text(OTHER_STAGES)
    assert (
        "not applied: run `subfold settings apply`" in subfold("settings", "show", **place).stdout
    )
    applied = subfold("settings", "apply", "--reason", "fewer stages", **place)
    again = subfold("settings", "apply", "--reason", "fewer stages", **place)
    shown = json.loads(subfold("settings", "show", "--json", **place).stdout)

    assert applied.stdout == "applied as version 1\n"
    assert again.stdout == "already applied: version 1\n"
    assert shown["is_applied"]
    assert shown["applied"]["reason"] == "fewer stages"
    assert shown["applied"]["hash"] == shown["file"]["hash"]
