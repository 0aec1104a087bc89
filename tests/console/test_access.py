"""What the console keeps of people is the same in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from console.access import throttle
from console.access.audit import note, records, written_down
from console.access.database import open_access
from console.access.sessions import begin_session, end_session, visitor_by_session
from console.access.tables import audit
from console.access.tokens import Scope, add_token, visitor_by_token
from console.access.users import is_password, set_user, there_are_users
from console.access.visitor import Role, Via
from databases import options_of
from filled import UNTIL
from schemas.errors import SettingsError
from web import PASSWORD


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Engine]:
    """Opens one and the same database, again and again."""
    is_ours = request.param == "postgresql"
    server = request.getfixturevalue("postgresql_server") if is_ours else None
    options = options_of(request.param, tmp_path, server)
    return lambda: open_access(options)


def test_what_is_kept_is_there_when_it_is_opened_again(opened: Callable[[], Engine]):
    with opened().begin() as connection:
        assert not there_are_users(connection)
        set_user(connection, name="ana", password=PASSWORD, role=Role.ADMIN, at=UNTIL)
        cookie = begin_session(connection, user="ana", at=UNTIL)
        token = add_token(
            connection, name="ci", scope=Scope.READ, created_by="ana", at=UNTIL, expires_at=None
        )
        note(connection, at=UNTIL, actor="ana", what="user.added", details={"user": "Ω"})

    with opened().begin() as connection:
        assert is_password(connection, name="ana", password=PASSWORD)
        by_session = visitor_by_session(connection, cookie, at=UNTIL + 90)
        by_token = visitor_by_token(connection, token, at=UNTIL + 90)
        record = records(connection)[0]
        end_session(connection, cookie)
        assert visitor_by_session(connection, cookie, at=UNTIL) is None

    assert by_session
    assert (by_session.name, by_session.role, by_session.via) == ("ana", Role.ADMIN, Via.SESSION)
    assert by_token
    assert (by_token.role, by_token.via) == (Role.VIEWER, Via.TOKEN)
    assert (record.actor, record.details) == ("ana", {"user": "Ω"})


def test_failures_are_counted_by_name_and_address(opened: Callable[[], Engine]):
    with opened().begin() as connection:
        for _ in range(throttle.FREE + 2):
            throttle.failed(connection, name="ana", address="192.0.2.1", at=UNTIL)
        of_name = throttle.wait_s(connection, name="ana", address="192.0.2.2", at=UNTIL)
        of_address = throttle.wait_s(connection, name="bob", address="192.0.2.1", at=UNTIL)
        throttle.succeeded(connection, name="ana", address="192.0.2.1")
        afterwards = throttle.wait_s(connection, name="ana", address="192.0.2.2", at=UNTIL)

    assert (of_name, of_address, afterwards) == (4, 0, 0)


def test_many_at_once_lose_no_record(opened: Callable[[], Engine]):
    engine = opened()

    def write(number: int) -> None:
        with engine.begin() as connection:
            there_are_users(connection)
            note(connection, at=UNTIL, actor=f"a{number}", what="login.succeeded")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(100)))

    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(audit)) == 100


def test_files_are_their_owners_alone(tmp_path: Path):
    open_access(options_of("sqlite", tmp_path, None))

    modes = {path.stat().st_mode & 0o077 for path in tmp_path.rglob("access.db")}

    assert modes == {0}


def test_the_first_user_is_an_admin_or_nobody(opened: Callable[[], Engine]):
    with opened().begin() as connection:
        with pytest.raises(SettingsError, match="the first user must be an admin"):
            set_user(connection, name="ana", password=PASSWORD, role=Role.VIEWER, at=1)

        assert not there_are_users(connection)


def test_a_deed_is_written_down_before_it_is_done_and_its_outcome_after(
    opened: Callable[[], Engine],
):
    access = opened()

    def outcomes():
        with access.connect() as connection:
            return [each.details["outcome"] for each in records(connection)]

    with written_down(access, at=1, actor="ana", what="a.deed", details={}) as deed:
        assert outcomes() == ["begun"]
        deed["count"] = 3
    with (
        pytest.raises(ZeroDivisionError),
        written_down(access, at=2, actor="ana", what="a.deed", details={}),
    ):
        raise ZeroDivisionError

    assert outcomes() == ["failed: ZeroDivisionError", "done"]
    with access.connect() as connection:
        assert records(connection)[1].details == {"outcome": "done", "count": 3}
