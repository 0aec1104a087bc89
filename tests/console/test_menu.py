"""Given who is logged in, the menu leads to all that is for them, and the way out is there."""

from __future__ import annotations

import re

from web import client


def menu(page: str) -> list[str]:
    """Addresses of the pages that it names."""
    return re.findall(r'<a href="([^"]+)"', re.search(r"<nav.*?</nav>", page, re.DOTALL)[0])


def test_people_and_tokens_are_named_to_admins_alone(filled):
    admin, viewer = (
        menu(client(filled, role).get("/accounts").text) for role in ("admin", "viewer")
    )

    assert admin == [*viewer, "/admin", "/audit"]
    assert "/accounts" in viewer


def test_whoever_logged_in_sees_as_whom_and_can_log_out(filled):
    for role in ("admin", "viewer"):
        page = client(filled, role).get("/accounts").text

        assert re.search(rf'<div class="who">\s*<span>{role} ', page)
        assert 'action="/logout"' in page


def test_the_menus_button_says_where_one_is(filled):
    browser = client(filled)

    assert "</span>Renewals <svg" in browser.get("/renewals/at-risk").text
    assert "</span>People and tokens <svg" in browser.get("/admin").text
    assert "</span>Menu <svg" in browser.get("/no-such-page").text
