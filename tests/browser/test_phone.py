"""Given a phone, lists are read without scrolling sideways, and the menu is at hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from conftest import WIDTHS

STANDS_OUT = """each => {
    const box = each.getBoundingClientRect();
    return box.width === 0 || box.left < 0 || box.right > window.innerWidth;
}"""
SCROLLS_SIDEWAYS = "each => each.scrollWidth > each.clientWidth"
LISTS = {
    "accounts": ("/accounts?mode=live", ("Stage", "MRR", "Renews")),
    "renewals": ("/renewals?mode=live", ("Plan", "Expected")),
    "at risk": ("/renewals/at-risk?mode=live", ("At risk", "Renews or ends", "MRR")),
    "movements": ("/revenue/movements?mode=live", ("Movement", "By", "To")),
}


@pytest.fixture
def width() -> str:
    return "phone"


def is_a_list_of_whole_rows(table) -> None:
    """It does not scroll, and every cell of its first row lies within the window."""
    assert not table.locator("xpath=..").evaluate(SCROLLS_SIDEWAYS)
    cells = table.locator("tbody tr").first.locator("th, td")
    assert cells.count() > 2
    for cell in cells.all():
        assert not cell.evaluate(STANDS_OUT), cell.inner_text()


@pytest.mark.parametrize("name", LISTS)
def test_every_cell_of_a_list_is_seen_and_named(look, name):
    address, labels = LISTS[name]
    look.page.goto(address)
    table = look.page.locator("table.stacked")

    is_a_list_of_whole_rows(table)
    for label in labels:
        cell = table.locator(f"tbody tr:first-child [data-label='{label}']")
        assert label in cell.evaluate("each => getComputedStyle(each, '::before').content")


def test_every_cell_of_the_timeline_is_seen(look):
    look.page.goto("/accounts?mode=live&sort=-mrr")
    home = look.page.locator("tbody a").first.get_attribute("href")
    look.page.goto(f"{home}/timeline")

    is_a_list_of_whole_rows(look.page.locator("table.stacked"))


def test_a_stacked_table_is_still_one_to_those_who_hear_it(look):
    look.page.goto("/accounts?mode=live")
    rows = look.page.locator("table.stacked tr").count()
    asked = look.page.context.new_cdp_session(look.page)
    nodes = asked.send("Accessibility.getFullAXTree")["nodes"]
    roles = [each["role"]["value"] for each in nodes if not each["ignored"]]

    assert roles.count("row") == rows > 2
    assert roles.count("columnheader") == 6
    assert roles.count("rowheader") == rows - 1
    assert roles.count("cell") == 5 * (rows - 1)


def test_the_menu_is_opened_and_closed_by_keys_and_says_where_one_is(look):
    look.page.goto("/renewals?mode=live")
    button = look.page.locator(".menu > summary")
    here = look.page.locator(".menu a[aria-current='page']")

    expect(button).to_contain_text("Renewals")
    expect(here).to_be_hidden()
    button.focus()
    look.page.keyboard.press("Enter")
    expect(here).to_be_visible()
    expect(here).to_have_text("Renewals")
    look.page.keyboard.press("Tab")
    expect(look.page.get_by_role("link", name="Accounts")).to_be_focused()
    look.page.keyboard.press("Escape")
    expect(here).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    expect(here).to_be_visible()
    look.page.mouse.click(WIDTHS["phone"]["width"] / 2, WIDTHS["phone"]["height"] - 10)
    expect(here).to_be_hidden()
    assert look.complaints == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_menu_works_without_javascript(browser, installation, width):
    context = browser.new_context(
        base_url=installation.console, viewport=WIDTHS[width], java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/accounts?mode=live")
    revenue = page.locator(".menu").get_by_text("Revenue", exact=True)

    if width == "phone":
        expect(revenue).to_be_hidden()
        page.locator(".menu > summary").click()
    revenue.click()
    expect(page.locator("h1")).to_have_text("Revenue")
    context.close()
