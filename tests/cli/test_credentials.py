"""Secrets that a person types, and files for those that are told once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli.credentials import secret_file
from schemas.errors import SettingsError

SUBFOLD = Path(sys.executable).with_name("subfold")
IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
TYPED = "rk_live_typed_by_a_person"


def test_a_key_is_asked_for_at_a_terminal_and_never_shown(tmp_path):
    environ = {"PATH": os.environ["PATH"], "SUBFOLD_CONFIG": "/dev/null"}
    environ |= {f"SUBFOLD_SOURCES__MAIN__{mode}": "false" for mode in ("TEST", "LIVEMODE")}
    words = [sys.executable, "-c", IN_A_TERMINAL, SUBFOLD, "connect", "--check"]
    with subprocess.Popen(
        words, cwd=tmp_path, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        shown = b""
        # The blank behind the question comes once nothing is echoed any more, nor thrown away.
        while not (b"(rk_" in shown and shown.endswith(b": ")):
            shown += os.read(process.stdout.fileno(), 4096)
        rest, _ = process.communicate(f"{TYPED}\n".encode(), timeout=60)

    assert b"name another key" in rest
    assert process.returncode == 2
    assert TYPED.encode() not in shown + rest


def test_secrets_are_written_with_commas_for_their_owner_alone(tmp_path):
    with secret_file(tmp_path / "secrets") as file:
        file.add(SecretStr("whsec_1"))
        file.add(SecretStr("whsec_2"))

    assert (tmp_path / "secrets").read_text() == "whsec_1,whsec_2"
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o600


def test_a_secret_that_was_written_stays_when_the_next_fails_and_an_empty_file_goes(tmp_path):
    def fail_after(name, *secrets):
        with secret_file(tmp_path / name) as file:
            for each in secrets:
                file.add(SecretStr(each))
            raise RuntimeError

    for name, secrets in (("one", ["whsec_1"]), ("none", [])):
        with pytest.raises(RuntimeError):
            fail_after(name, *secrets)

    assert (tmp_path / "one").read_text() == "whsec_1"
    assert not (tmp_path / "none").exists()


def test_a_file_or_link_that_is_there_is_never_written_over(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(SettingsError, match="is there already"), secret_file(tmp_path / "link"):
        pass

    assert not (tmp_path / "elsewhere").exists()
