"""The class-data archive: made on the side at the first start, and never in the way."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.archive import Runtime
from streams.log.embedded.cluster import prepare_runtime
from streams.log.embedded.jars import cache_folder, ensure_jars


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """Kafka's jars in a cache of their own, with no archive yet."""
    jars = ensure_jars(cache_folder())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cache_folder().mkdir(parents=True)
    for jar in jars:
        shutil.copy2(jar, cache_folder())
    return prepare_runtime()


def test_the_first_broker_makes_the_archive_and_the_next_uses_it(runtime: Runtime, tmp_path: Path):
    with EmbeddedKafka(tmp_path / "data"):
        while not runtime.archive.exists():
            time.sleep(0.1)

    with EmbeddedKafka(tmp_path / "data") as kafka:
        command = subprocess.check_output(["ps", "-ww", "-o", "args=", "-p", str(kafka.pid)])
        assert f"-XX:SharedArchiveFile={runtime.archive}" in command.decode()


def test_a_broken_archive_keeps_no_broker_from_starting(runtime: Runtime, tmp_path: Path):
    runtime.archive.write_bytes(b"not an archive" * 1000)

    with EmbeddedKafka(tmp_path / "data") as kafka:
        assert kafka.is_running


def test_a_broker_that_ends_early_leaves_no_half_of_an_archive(runtime: Runtime, tmp_path: Path):
    with EmbeddedKafka(tmp_path / "data"):
        pass

    assert not runtime.archive.exists()
