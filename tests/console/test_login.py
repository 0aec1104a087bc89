"""Logging in and out, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from console.access import throttle
from console.access.audit import records
from console.access.sessions import AGE_MAX_S, IDLE_MAX_S
from console.access.tables import sessions, tokens, users
from console.access.throttle import FREE, FREE_OF_ADDRESS, WAIT_MAX_S
from console.access.users import all_users, remove_user, set_user
from console.access.visitor import Role
from console.context import Console
from filled import UNTIL
from schemas.errors import SettingsError
from web import ORIGIN, PASSWORD, Browser, browser, client


class Clock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = float(UNTIL)

    def __call__(self) -> float:
        return self.now


def at_a_clock(bare: Engine) -> tuple[Clock, Console]:
    clock = Clock()
    return clock, replace(client(bare, None).console, clock=clock)


def test_a_login_gives_another_cookie_and_the_old_one_stays_nobodys(bare: Engine):
    nobody = client(bare, None)
    nobody.get("/login")
    before = nobody.cookies["subfold"]

    answer = nobody.log_in("admin")

    after = nobody.cookies["subfold"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts")
    assert after != before
    assert nobody.get("/admin").status_code == 200
    other = browser(nobody.console)
    other.cookies.set("subfold", before)
    assert other.get("/admin").status_code == 303


def test_what_is_stored_opens_nothing(bare: Engine):
    admin = client(bare)

    with admin.console.access.connect() as connection:
        stored = [
            str(tuple(row))
            for table in (users, sessions, tokens)
            for row in connection.execute(select(table))
        ]

    assert not any(PASSWORD in row or admin.cookies["subfold"] in row for row in stored)
    assert any("$argon2id$" in row for row in stored)


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(
    bare: Engine, name: str, password: str
):
    nobody = client(bare, None)

    answer = nobody.log_in(name, password)

    assert answer.status_code == 401
    assert "This name and password do not belong together." in answer.text
    with nobody.console.access.connect() as connection:
        record = records(connection)[0]
    assert (record.what, record.details) == ("login.failed", {"address": "127.0.0.1"})


def test_after_some_failures_even_the_right_password_has_to_wait(bare: Engine):
    clock, console = at_a_clock(bare)
    nobody = browser(console)
    for _ in range(FREE):
        assert nobody.log_in("admin", "wrong").status_code == 401

    too_soon = nobody.log_in("admin")
    other_user = nobody.log_in("viewer", "wrong")
    clock.now += 1
    in_time = nobody.log_in("admin")

    assert too_soon.status_code == 429
    assert "Try again in 1 seconds" in too_soon.text
    assert too_soon.headers["retry-after"] == "1"
    assert other_user.status_code == 401
    assert in_time.status_code == 303


def test_the_wait_doubles_up_to_a_bound(bare: Engine):
    waits = []
    with client(bare, None).console.access.begin() as connection:
        for _ in range(FREE + 12):
            throttle.failed(connection, name="admin", address="127.0.0.1", at=UNTIL)
            waits.append(throttle.wait_s(connection, name="admin", address="-", at=UNTIL))

    assert waits == [0] * (FREE - 1) + [1, 2, 4, 8, 16, 32, 64, 128, 256] + [WAIT_MAX_S] * 4


def test_many_names_from_one_address_have_to_wait(bare: Engine):
    _, console = at_a_clock(bare)
    nobody = browser(console)
    for number in range(FREE_OF_ADDRESS):
        assert nobody.log_in(f"name{number}", "wrong").status_code == 401

    assert nobody.log_in("admin").status_code == 429
    assert browser(console, address="127.0.0.2").log_in("admin").status_code == 303


def test_logging_out_ends_the_session_for_good(bare: Engine):
    admin = client(bare)
    cookie = admin.cookies["subfold"]

    answer = admin.post_form("/logout")

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    thief = browser(admin.console)
    thief.cookies.set("subfold", cookie)
    assert thief.get("/admin").status_code == 303


def logged_in(console: Console) -> Browser:
    found = browser(console)
    assert found.log_in("admin").status_code == 303
    return found


def test_an_idle_session_ends(bare: Engine):
    clock, console = at_a_clock(bare)
    admin = logged_in(console)

    clock.now += IDLE_MAX_S - 1
    used = admin.get("/admin")
    clock.now += IDLE_MAX_S - 1
    used_again = admin.get("/admin")
    clock.now += IDLE_MAX_S
    idle = admin.get("/admin")

    assert (used.status_code, used_again.status_code, idle.status_code) == (200, 200, 303)


def test_a_session_that_is_used_ends_too(bare: Engine):
    clock, console = at_a_clock(bare)
    admin = logged_in(console)
    step = IDLE_MAX_S // 2
    for _ in range(AGE_MAX_S // step - 1):
        clock.now += step
        assert admin.get("/admin").status_code == 200

    clock.now += step

    assert admin.get("/admin").status_code == 303


def test_another_password_ends_the_sessions(bare: Engine):
    admin = client(bare)
    viewer = browser(admin.console)
    viewer.log_in("viewer")

    answer = admin.post_form(
        "/admin/users", {"name": "viewer", "password": "another long one", "role": "viewer"}
    )

    assert answer.headers["location"] == "/admin"
    assert viewer.get("/accounts").status_code == 303
    assert viewer.log_in("viewer").status_code == 401
    assert viewer.log_in("viewer", "another long one").status_code == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_login_leads_to_no_other_site(bare: Engine, target: str):
    nobody = client(bare, None)

    form = {"name": "admin", "password": PASSWORD, "next": target}
    answer = nobody.post_form("/login", form)

    assert answer.headers["location"] == "/accounts"


def test_a_login_leads_back(bare: Engine):
    nobody = client(bare, None)
    page = nobody.get(nobody.get("/revenue?currency=eur").headers["location"])
    assert 'name="next" value="/revenue?currency=eur"' in page.text

    form = {"name": "admin", "password": PASSWORD, "next": "/revenue?currency=eur"}

    assert nobody.post_form("/login", form).headers["location"] == "/revenue?currency=eur"


def test_a_login_needs_the_token_of_its_form(bare: Engine):
    form = {"name": "admin", "password": PASSWORD}

    answer = client(bare, None).post("/login", data=form, headers=ORIGIN)

    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["", "a b", "<b>", "x" * 65, "-a"])
def test_names_that_will_not_do(bare: Engine, name: str):
    access = client(bare, None).console.access
    with access.begin() as connection, pytest.raises(SettingsError, match="no name"):
        set_user(connection, name=name, password=PASSWORD, role=Role.VIEWER, at=UNTIL)


def test_a_short_password_will_not_do(bare: Engine):
    answer = client(bare).post_form("/admin/users", {"name": "eve", "password": "short"})

    assert answer.status_code == 400
    assert "12 to 256 characters" in answer.text


def test_the_last_admin_stays(bare: Engine):
    admin = client(bare)

    removed = admin.post_form("/admin/users/remove", {"name": "admin"})
    demoted = admin.post_form(
        "/admin/users", {"name": "admin", "password": PASSWORD, "role": "viewer"}
    )

    assert (removed.status_code, demoted.status_code) == (400, 400)
    with admin.console.access.begin() as connection:
        remove_user(connection, "viewer")
        assert [user.name for user in all_users(connection)] == ["admin"]


def test_a_user_without_a_password_cannot_log_in(bare: Engine):
    nobody = client(bare, None)
    with nobody.console.access.begin() as connection:
        set_user(connection, name="sso", password=None, role=Role.ADMIN, at=UNTIL)

    assert nobody.log_in("sso", "-").status_code == 401
    assert nobody.log_in("sso", "").status_code == 401


def test_the_page_that_was_wanted_is_kept_over_a_failed_login(filled):
    here = client(filled, None)

    wrong = here.post_form("/login", {"name": "admin", "password": "no", "next": "/revenue"})

    assert 'name="next" value="/revenue"' in wrong.text
