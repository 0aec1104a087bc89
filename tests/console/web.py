"""Opens the console as somebody who is logged in, without a browser or a socket."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from httpx2 import Response
from sqlalchemy import Engine
from starlette.testclient import TestClient

from console.access import users as users_module
from console.access.database import open_access
from console.access.users import set_user, there_are_users
from console.access.visitor import Role
from console.actions.begin import remembered
from console.context import Console
from console.web.app import make_app
from filled import UNTIL
from streams.settings import Config, load_config

# A real hash takes 64 MiB and a tenth of a second, and every test logs in.
users_module._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

HERE = "http://127.0.0.1:8090"
PASSWORD = "correct horse battery"
ORIGIN = {"origin": HERE}


class Browser(TestClient):
    """A client that posts forms as a browser does; redirects are not followed."""

    console: Console
    token: str

    def csrf(self, page: str = "/login") -> str:
        """The CSRF token of this browser's cookie."""
        self.get(page)
        found = re.search(r'data-csrf="([0-9a-f]+)"', self.get("/no-such-page").text)
        found = found or re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(page).text)
        assert found, "no page shows a token"
        return found[1]

    def post_form(self, url: str, form: dict[str, Any] | None = None, **more: Any) -> Response:
        """Post a form of a page of ours."""
        return self.post(url, data={"csrf": self.csrf(), **(form or {})}, headers=ORIGIN, **more)

    def log_in(self, name: str, password: str = PASSWORD) -> Response:
        """Log in by the form."""
        return self.post_form("/login", {"name": name, "password": password})


def make_console(filled: Engine, **options: Any) -> Console:
    """A console over this read model; its own data lie beside it. Its clock stands still."""
    folder = Path(str(filled.url.database)).parent
    config = load_config(None, {})
    changed = config.deployment.console.model_copy(update={"data": folder, **options})
    deployment = config.deployment.model_copy(update={"console": changed})
    config = Config(path=None, deployment=deployment, business=config.business)
    access = open_access(changed)
    return Console(
        read_model=filled,
        access=access,
        config=config,
        clock=lambda: UNTIL,
        jobs=remembered(access, at=UNTIL),
    )


def browser(console: Console, *, address: str = "127.0.0.1", url: str = HERE) -> Browser:
    """A browser at that address, which has no cookie yet."""
    found = Browser(
        make_app(console), base_url=url, client=(address, 50_000), follow_redirects=False
    )
    found.console = console
    return found


def client(filled: Engine, role: str | None = "admin", **options: Any) -> Browser:
    """A browser of somebody who is logged in with this role; nobody without one."""
    console = make_console(filled, **options)
    with console.access.begin() as connection:
        if not there_are_users(connection):
            for each in sorted(Role):
                set_user(connection, name=each.value, password=PASSWORD, role=each, at=UNTIL)
    found = browser(console)
    if role:
        assert found.log_in(role).status_code == 303
    return found
