"""Who gets past the guard, and from where."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from sqlalchemy import Engine, create_engine

from console.access.audit import records
from console.access.reach import refuse_open_door
from console.access.tokens import Scope, add_token
from console.api.app import make_api
from console.read_model.tables import metadata
from console.web.app import PAGES
from filled import UNTIL
from schemas.errors import SettingsError
from streams.settings import ConsoleOptions, load_config
from web import HERE, ORIGIN, Browser, browser, client, make_console

ELSEWHERE = "203.0.113.9"


def unsafe_routes() -> list[tuple[str, str]]:
    """Method and an address of every page, and every part of the API, that changes something."""
    pages = [(method, route.path) for route in chain(*PAGES) for method in route.methods or ()]
    api = [
        (method.upper(), f"/api/v1{path}")
        for path, methods in make_api().openapi()["paths"].items()
        for method in methods
    ]
    return sorted(
        (method, re.sub(r"{[^}]*}", "1", path))
        for method, path in (*pages, *api)
        if method not in {"GET", "HEAD", "OPTIONS"} and path not in {"/login", "/logout"}
    )


def test_on_loopback_before_there_is_a_user_whoever_is_here_is_admin(bare: Engine):
    page = browser(make_console(bare)).get("/admin")

    assert page.status_code == 200
    assert "local" in page.text


def test_with_a_user_everybody_has_to_log_in(bare: Engine):
    nobody = client(bare, None)

    page = nobody.get("/accounts?sort=name&q=a%20b")
    api = nobody.get("/api/v1/openapi.json")
    live = nobody.get("/live")
    metrics = nobody.get("/metrics")

    assert page.status_code == 303
    assert page.headers["location"] == "/login?next=%2Faccounts%3Fsort%3Dname%26q%3Da%2520b"
    assert (api.status_code, api.headers["www-authenticate"]) == (401, "Bearer")
    assert (live.status_code, metrics.status_code) == (401, 401)
    assert nobody.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "header", [{"x-forwarded-for": ELSEWHERE}, {"forwarded": "for=1"}, {"x-real-ip": ELSEWHERE}]
)
def test_what_comes_through_a_proxy_is_not_somebody_at_this_machine(
    bare: Engine, header: dict[str, str]
):
    page = browser(make_console(bare)).get("/admin", headers=header)

    assert page.status_code == 303


def test_a_request_from_another_machine_is_not_somebody_at_this_one(bare: Engine):
    assert browser(make_console(bare), address=ELSEWHERE).get("/admin").status_code == 303


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8090", "localhost.evil.example", ""]
)
def test_another_name_that_points_here_is_refused(bare: Engine, host: str):
    page = browser(make_console(bare)).get("/admin", headers={"host": host})

    assert page.status_code == 421


@pytest.mark.parametrize("host", ["localhost:8090", "127.0.0.1:1", "[::1]:8090", "localhost"])
def test_the_names_of_this_machine_are_answered(bare: Engine, host: str):
    page = browser(make_console(bare)).get("/admin", headers={"host": host})

    assert page.status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {"host": "0.0.0.0"},  # noqa: S104 - must be refused
        {"host": "::"},
        {"host": "10.0.0.7"},
        {"host": "console.internal"},
        {"public_url": "https://console.example.com"},
    ],
)
def test_it_does_not_begin_to_listen_where_others_could_reach_it_without_a_login(
    bare: Engine, options: dict[str, str]
):
    console = make_console(bare, **options)
    with pytest.raises(SettingsError, match="there is no user yet"):
        refuse_open_door(console.config.deployment.console, console.access)

    client(bare, "admin")

    refuse_open_door(console.config.deployment.console, console.access)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_on_loopback_it_listens_without_users(bare: Engine, host: str):
    console = make_console(bare, host=host)

    refuse_open_door(console.config.deployment.console, console.access)


def test_a_header_that_names_users_needs_proxies_to_believe():
    with pytest.raises(SettingsError, match="needs trusted_proxies"):
        load_config(None, {"SUBFOLD_CONSOLE__PROXY_USER_HEADER": "X-User"})


def behind_proxy(bare: Engine, address: str) -> Browser:
    options = ConsoleOptions(
        host="10.0.0.7", proxy_user_header="X-User", trusted_proxies=("10.0.0.0/8",)
    )
    client(bare, None)  # users named admin and viewer
    console = make_console(bare, **options.model_dump(exclude={"data"}))
    refuse_open_door(options, console.access)
    return browser(console, address=address)


@pytest.mark.parametrize(
    ("name", "status"), [("admin", 200), ("viewer", 403), ("new@example.com", 403)]
)
def test_a_trusted_proxy_names_users_and_only_admins_known_here_are_admins(
    bare: Engine, name: str, status: int
):
    page = behind_proxy(bare, "10.1.2.3").get("/admin", headers={"x-user": name})

    assert page.status_code == status


def test_the_header_is_not_believed_from_elsewhere_and_without_it_one_has_to_log_in(bare: Engine):
    from_elsewhere = behind_proxy(bare, ELSEWHERE).get("/admin", headers={"x-user": "admin"})
    without = behind_proxy(bare, "10.1.2.3").get("/admin")

    assert (from_elsewhere.status_code, without.status_code) == (303, 303)


def test_the_routes_that_are_tried_are_all_of_them():
    found = unsafe_routes()

    assert ("POST", "/admin/users") in found
    assert any(path.startswith("/api/v1/") for _, path in found)


@pytest.mark.parametrize(("method", "path"), unsafe_routes())
def test_a_viewer_changes_nothing(viewer: Browser, method: str, path: str):
    headers = {**ORIGIN, "x-csrf-token": viewer.token}

    answer = viewer.request(method, path, headers=headers)

    assert answer.status_code == 403
    assert "role admin" in answer.text


@pytest.mark.parametrize(("method", "path"), unsafe_routes())
def test_nothing_is_changed_without_the_token_of_a_page(admin: Browser, method: str, path: str):
    answer = admin.request(method, path, headers=ORIGIN)

    assert answer.status_code == 403
    assert "did not come from a page" in answer.text


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An empty read model for tests that change nothing."""
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('shared') / 'read_model.db'}")
    metadata.create_all(engine)
    return engine


@pytest.fixture(scope="module")
def viewer(shared: Engine) -> Browser:
    found = client(shared, "viewer")
    found.token = found.csrf()
    return found


@pytest.fixture(scope="module")
def admin(shared: Engine) -> Browser:
    return client(shared, "admin")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_site_changes_nothing_even_with_the_token(
    admin: Browser, headers: dict[str, str]
):
    form = {"csrf": admin.csrf(), "name": "eve", "password": "x" * 12}

    answer = admin.post("/admin/users", data=form, headers=headers)

    assert answer.status_code == 403


def test_the_token_of_another_browser_is_worth_nothing(bare: Engine):
    mine, theirs = client(bare, "admin"), client(bare, "admin")

    answer = mine.post("/admin/users", data={"csrf": theirs.csrf()}, headers=ORIGIN)

    assert answer.status_code == 403


def test_a_form_larger_than_any_of_ours_is_not_read(bare: Engine):
    answer = client(bare).post_form("/admin/users", {"name": "x" * 1_100_000})

    assert answer.status_code == 413


def token(bare: Engine, scope: Scope, **more: float) -> tuple[Browser, dict[str, str]]:
    console = client(bare, None).console
    with console.access.begin() as connection:
        made = add_token(
            connection,
            name="a program",
            scope=scope,
            created_by="admin",
            at=UNTIL,
            expires_at=more.get("expires_at"),
        )
    return browser(console), {"authorization": f"Bearer {made}"}


def test_a_token_that_reads_reads_the_api_and_changes_nothing(bare: Engine):
    program, headers = token(bare, Scope.READ)

    assert program.get("/api/v1/openapi.json", headers=headers).status_code == 200
    assert program.get("/metrics", headers=headers).status_code == 200
    refused = program.post("/api/v1/whatever", headers=headers)
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "This needs the role admin; you are a viewer.",
    )


def test_a_token_that_writes_gets_past_the_guard_without_a_page(bare: Engine):
    program, headers = token(bare, Scope.WRITE)

    assert program.post("/api/v1/no-such-thing", headers=headers).status_code == 404


def test_a_token_opens_no_pages(bare: Engine):
    program, headers = token(bare, Scope.WRITE)

    assert program.get("/admin", headers=headers).status_code == 401


@pytest.mark.parametrize("word", ["nonsense", "sfc_12345678_nonsense", ""])
def test_what_is_no_token_opens_nothing_even_where_no_login_is_needed(bare: Engine, word: str):
    here = browser(make_console(bare))

    answer = here.get("/api/v1/openapi.json", headers={"authorization": f"Bearer {word}"})

    assert answer.status_code == 401


def test_an_expired_token_opens_nothing(bare: Engine):
    program, headers = token(bare, Scope.READ, expires_at=UNTIL)

    assert program.get("/api/v1/openapi.json", headers=headers).status_code == 401


def test_a_revoked_token_opens_nothing(bare: Engine):
    admin = client(bare)
    page = admin.post_form("/admin/tokens", {"name": "ci", "scope": "read", "days": "30"})
    made = re.search(r"sfc_[0-9a-f]{8}_[\w-]+", page.text)
    assert made
    headers = {"authorization": f"Bearer {made[0]}"}
    assert admin.get("/api/v1/openapi.json", headers=headers).status_code == 200

    admin.post_form("/admin/tokens/revoke", {"id": made[0][:12]})

    assert admin.get("/api/v1/openapi.json", headers=headers).status_code == 401
    assert made[0] not in admin.get("/admin").text
    with admin.console.access.connect() as connection:
        found = records(connection)
    assert [each.what for each in found][:2] == ["token.revoked", "token.added"]
    assert made[0] not in str(found)


@pytest.mark.parametrize("path", ["/login", "/admin", "/no-such-page", "/api/v1/openapi.json"])
def test_every_answer_says_what_a_browser_may_do_with_it(bare: Engine, path: str):
    headers = client(bare).get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_over_https_the_cookie_is_for_this_host_alone(bare: Engine):
    client(bare, None)
    console = make_console(bare, public_url="https://console.example.com")
    here = browser(console, url="https://console.example.com")

    cookie = here.get("/login").headers["set-cookie"]

    assert cookie.startswith("__Host-subfold=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
    assert HERE not in cookie


def test_users_tokens_and_audit_are_for_admins_in_the_api_too(bare: Engine):
    admin, viewer = client(bare, "admin"), client(bare, "viewer")

    for path in ("/api/v1/users", "/api/v1/tokens", "/api/v1/audit"):
        assert admin.get(path).status_code == 200
        assert viewer.get(path).status_code == 403
    for path in ("/admin", "/audit"):
        assert admin.get(path).status_code == 200
        assert viewer.get(path).status_code == 403
    assert [user["name"] for user in admin.get("/api/v1/users").json()] == ["admin", "viewer"]
    assert admin.get("/api/v1/audit?limit=1").json()[0]["what"] == "login.succeeded"


@pytest.mark.parametrize("host", ["[", "[::1", "localhost/login?", "localhost/static/?", "a b"])
def test_a_host_that_is_none_is_refused_before_anything_is_asked(filled: Engine, host: str):
    answer = client(filled, None).get("/accounts", headers={"host": host})

    assert answer.status_code == 400


def test_a_host_with_a_path_in_it_opens_nothing(filled: Engine):
    here = client(filled, None)

    answer = here.get("/api/v1/accounts", headers={"host": "127.0.0.1:8090"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("/accounts?q=%00", None),
        ("/accounts/main/-/live/%00", None),
        ("/login", {"name": "a\0b", "password": "x" * 12}),
    ],
)
def test_a_nul_is_refused(filled: Engine, url: str, form: dict[str, str] | None):
    here = client(filled, "admin" if form is None else None)
    answer = here.get(url) if form is None else here.post_form(url, form)

    assert answer.status_code == 400


def test_an_origin_that_is_none_comes_from_elsewhere(filled: Engine):
    here = client(filled)
    form = {"csrf": here.csrf("/admin"), "name": "x"}

    answer = here.post("/admin/users/remove", data=form, headers={"origin": "http://["})

    assert answer.status_code == 403


def test_a_form_that_cannot_be_read_is_refused(filled: Engine):
    here = client(filled)
    headers = {**ORIGIN, "content-type": "multipart/form-data"}

    assert here.post("/admin/users/remove", content=b"x", headers=headers).status_code == 400


def test_a_page_of_the_audit_beyond_all_ids_is_empty(filled: Engine):
    here = client(filled)

    assert here.get(f"/audit?before={10**19}").status_code == 200
    assert here.get(f"/api/v1/audit?before={2**31 - 1}").status_code == 200
