"""Given filters that narrow a list by themselves, the address follows, and the way back works."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_what_is_typed_into_the_search_is_in_the_address_and_survives_a_reload(look):
    page = look.page
    page.goto("/accounts?mode=live")
    page.get_by_label("Search").press_sequentially("acorn", delay=30)

    expect(page).to_have_url(re.compile("q=acorn"))
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("acorn")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("")
    assert look.complaints == []
