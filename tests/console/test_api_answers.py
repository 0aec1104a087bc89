"""Whatever is asked of the API, and however wrongly, its answer is JSON."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from web import browser, client, make_console


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/", "/api/v2/accounts", "/api/"])
def test_an_address_that_is_not_there_is_json_under_api_and_a_page_elsewhere(
    bare: Engine, path: str
):
    here = browser(make_console(bare))

    api, page = here.get(path), here.get("/nothing")

    assert (api.status_code, page.status_code) == (404, 404)
    assert api.json()["detail"]
    assert page.headers["content-type"].startswith("text/html")


def test_a_path_with_a_slash_too_many_sends_no_token_elsewhere(bare: Engine):
    answer = browser(make_console(bare)).get("/api/v1/accounts/")

    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_a_wrong_method_says_which_are_right(bare: Engine):
    here = client(bare)
    token = {"x-csrf-token": here.csrf(), "origin": "http://127.0.0.1:8090"}

    api = here.delete("/api/v1/accounts", headers=token)
    page = here.delete("/accounts", headers=token)

    assert (api.status_code, page.status_code) == (405, 405)
    assert api.headers["allow"] == "GET"
    assert "GET" in page.headers["allow"]


@pytest.mark.parametrize("host", ["evil.example", "no host"])
def test_a_host_that_is_not_ours_is_refused_as_json(bare: Engine, host: str):
    answer = browser(make_console(bare)).get("/api/v1/accounts", headers={"host": host})

    assert answer.status_code in {400, 421}
    assert answer.json()["detail"]


def test_what_nobody_foresaw_is_json_and_says_nothing_of_it(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("of a secret")

    monkeypatch.setattr("console.api.accounts.accounts_page", broken)
    here = browser(make_console(filled))
    here._transport.raise_server_exceptions = False

    answer = here.get("/api/v1/accounts")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["detail"]
    assert answer.headers["cache-control"] == "no-store"
