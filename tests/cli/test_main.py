"""The command as it is called: its version, and files that cannot be used."""

from __future__ import annotations

from importlib.metadata import version

import orjson
import pytest

from build import subscription
from cli.main import main


@pytest.fixture
def subfold(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.json").write_bytes(orjson.dumps(subscription()))

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["subfold", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_the_version_is_that_of_the_package(subfold):
    assert subfold("--version") == (0, f"{version('subfold')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("fold one.json --settings nope.toml", 2, "nope.toml: cannot be read: No such file or"),
        ("fold one.json --settings .", 2, ".: cannot be read: Is a directory"),
        ("mrr one.json --against no.csv", 1, "no.csv: cannot be read: No such file or directory"),
        ("init --output no/x.toml", 1, "no/x.toml: cannot be written: No such file or directory"),
        ("schemas export one.json/x", 1, "one.json/x: Not a directory"),
        ("simulate --out no/x", 1, "no/x: cannot be written: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(subfold, arguments, code, says):
    ended, _, said = subfold(*arguments.split())

    assert ended == code
    assert f"subfold: {says}" in said
    assert "Errno" not in said


def test_settings_that_are_no_text_are_named(subfold, tmp_path):
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")

    assert subfold("fold", "one.json", "--settings", "odd.toml")[::2] == (
        2,
        "subfold: odd.toml: cannot be read: it is not UTF-8 text\n",
    )
