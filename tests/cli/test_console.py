"""Users, tokens and the audit at the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from console.access.database import open_access
from console.access.tables import users
from console.access.tokens import visitor_by_token
from console.access.users import is_password
from console.access.visitor import Role
from console.read_model.database import open_read_model, writing
from console.read_model.tables import positions
from streams.settings import ConsoleOptions

SUBFOLD = Path(sys.executable).with_name("subfold")
PASSWORD = "correct horse battery"


def subfold(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SUBFOLD, "console", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        input=typed,
        text=True,
        capture_output=True,
        check=False,
    )


def options(folder: Path) -> ConsoleOptions:
    return ConsoleOptions(data=folder / ".subfold" / "console")


def test_a_user_is_added_changed_listed_and_removed_and_each_is_written_down(tmp_path: Path):
    (tmp_path / "secret").write_text(f"{PASSWORD}\n")
    by_file = ("--password-file", "secret")

    added = subfold(tmp_path, "user", "add", "ana", "--role", "admin", *by_file)
    subfold(tmp_path, "user", "add", "bob", "--password-file", "-", typed=PASSWORD)
    changed = subfold(tmp_path, "user", "add", "bob", "--role", "admin", "--without-password")
    listed = subfold(tmp_path, "user", "list", "--json")
    removed = subfold(tmp_path, "user", "remove", "bob")
    audit = subfold(tmp_path, "audit", "--json")

    assert (added.stdout, changed.stdout) == ("ana is added: admin\n", "bob is changed: admin\n")
    assert [json.loads(line)["name"] for line in listed.stdout.splitlines()] == ["ana", "bob"]
    assert removed.returncode == 0
    records = [json.loads(line) for line in audit.stdout.splitlines()]
    assert [record["what"] for record in records] == [
        "user.removed",
        "user.changed",
        "user.added",
        "user.added",
    ]
    assert all(record["actor"].endswith(" (command line)") for record in records)
    assert PASSWORD not in audit.stdout
    with open_access(options(tmp_path)).begin() as connection:
        assert is_password(connection, name="ana", password=PASSWORD)
        assert list(connection.scalars(select(users.c.name))) == ["ana"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("user", "remove", "nobody"), "there is no user 'nobody'"),
        (("user", "add", "a b", "--without-password"), "is no name for a user"),
        (("user", "add", "ana", "--password-file", "-"), "12 to 256 characters"),
        (("token", "add", "ci", "--expires", "soon"), "write a number of days, such as 90d"),
        (("token", "revoke", "sfc_1"), "there is no token 'sfc_1'"),
    ],
)
def test_what_cannot_be_done_says_why(tmp_path: Path, arguments: tuple[str, ...], words: str):
    done = subfold(tmp_path, *arguments)

    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_is_shown_once_and_opens_until_it_is_revoked(tmp_path: Path):
    made = subfold(tmp_path, "token", "add", "ci", "--scope", "write", "--expires", "90d")
    token = made.stdout.strip()
    access = open_access(options(tmp_path))
    with access.begin() as connection:
        visitor = visitor_by_token(connection, token, at=0)
    listed = subfold(tmp_path, "token", "list", "--json").stdout
    known = json.loads(listed)
    subfold(tmp_path, "token", "revoke", known["id"])

    assert visitor
    assert visitor.role is Role.ADMIN
    assert token not in listed
    assert known["expires_at"] - known["created_at"] == 90 * 24 * 3600
    with access.begin() as connection:
        assert visitor_by_token(connection, token, at=0) is None


def test_a_rebuild_empties_the_read_model_and_leaves_users_alone(tmp_path: Path):
    subfold(
        tmp_path, "user", "add", "ana", "--role", "admin", "--password-file", "-", typed=PASSWORD
    )
    engine = open_read_model(options(tmp_path))
    row = {"topic": "t", "partition": 0, "next_offset": 5, "seen_at": 1}
    with writing(engine) as connection:
        connection.execute(positions.insert().values(row))

    done = subfold(tmp_path, "rebuild")

    assert "reads all topics again" in done.stdout
    with engine.connect() as connection:
        assert connection.execute(select(positions)).all() == []
    assert "ana" in subfold(tmp_path, "user", "list").stdout
