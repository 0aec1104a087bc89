"""Given a console whose database or code fails, when it is asked, it says so as a page."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from starlette.routing import Route

from console.read_model.tables import about
from web import browser, client, make_console


@pytest.fixture
def without_tables(filled):
    with filled.begin() as connection:
        connection.execute(text(f"DROP TABLE {about.name}"))
    return browser(make_console(filled))


def test_while_the_read_model_is_made_anew_pages_say_so_and_ask_again(without_tables):
    page = without_tables.get("/accounts")

    assert page.status_code == 503
    assert "being made anew" in page.text
    assert page.headers["retry-after"] == "5"
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_while_the_read_model_is_made_anew_the_api_says_so(filled):
    here = client(filled)
    with filled.begin() as connection:
        connection.execute(text("DROP TABLE accounts"))

    answer = here.get("/api/v1/accounts")

    assert answer.status_code == 503
    assert "being made anew" in answer.json()["detail"]


def test_what_nobody_foresaw_is_a_page_too_and_raised_for_the_log(filled):
    def broken(_request):
        raise ZeroDivisionError

    here = browser(make_console(filled))
    here.app.router.routes.insert(0, Route("/broken", broken))
    with pytest.raises(ZeroDivisionError):
        here.get("/broken")
    here._transport.raise_server_exceptions = False

    page = here.get("/broken")

    assert page.status_code == 500
    assert "This did not work" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
