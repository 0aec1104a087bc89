"""`make screenshots`: pictures of every page with the demo's data, for docs/screenshots."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from conftest import WIDTHS
from test_pages import PAGES

FOLDER = Path("docs/screenshots")


@pytest.fixture
def width() -> str:
    return "desktop"


@pytest.mark.parametrize("name", PAGES)
def test_picture_of_a_page(look, name):
    look.page.goto(f"{PAGES[name]}?mode=live")
    look.page.wait_for_load_state("load")
    look.page.wait_for_timeout(500)  # charts are drawn
    # Health looks at the cluster meanwhile, and fetches itself again when it has.
    expect(look.page.get_by_text("being looked at now")).to_have_count(0, timeout=60_000)
    look.page.screenshot(path=FOLDER / f"{name}.png")


def test_picture_of_an_account(look):
    look.page.goto("/accounts?mode=live&sort=-mrr")
    look.page.locator("tbody a").first.click()
    look.page.wait_for_url("**/accounts/**")
    look.page.wait_for_timeout(500)
    look.page.screenshot(path=FOLDER / "account.png", full_page=True)


def test_picture_on_a_phone(look):
    look.page.set_viewport_size(WIDTHS["phone"])
    look.page.goto("/accounts?mode=live")
    look.page.wait_for_load_state("load")
    look.page.screenshot(path=FOLDER / "accounts-phone.png")


def test_picture_in_the_dark(look):
    look.page.emulate_media(color_scheme="dark")
    look.page.goto("/revenue?mode=live")
    look.page.wait_for_timeout(500)
    look.page.screenshot(path=FOLDER / "revenue-dark.png")
