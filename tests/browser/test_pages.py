"""Given the demo's data, every page in a real browser, as wide as a desk and as a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
PAGES = {
    "accounts": "/accounts",
    "revenue": "/revenue",
    "renewals": "/renewals",
    "automations": "/automations",
    "settings": "/settings",
    "connect": "/connect",
    "health": "/health",
}
MORE = {
    "at-risk": "/renewals/at-risk",
    "movements": "/revenue/movements",
    "people": "/admin",
    "audit": "/audit",
}
# What stands out of the window; what scrolls by itself may.
TOO_WIDE = """() => [...document.querySelectorAll("main *")]
    .filter(each => each.getBoundingClientRect().right > window.innerWidth + 1)
    .filter(each => !each.closest(".table-scroll"))
    .map(each => each.outerHTML.slice(0, 200))
    .slice(0, 5)"""
AS_WIDE_AS_ITS_WINDOW = "document.documentElement.scrollWidth <= window.innerWidth"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SCHEMES = ("light", "dark")


def is_sound(look) -> None:
    """It complains of nothing, fits its window, and axe finds nothing wrong."""
    assert look.complaints == []
    assert look.page.evaluate(AS_WIDE_AS_ITS_WINDOW), look.page.evaluate(TOO_WIDE)
    # Through the debugger: the page's own policy lets no foreign script in.
    look.page.evaluate(AXE)
    found = look.page.evaluate("rules => axe.run(document, rules)", RULES)
    wrong = [
        f"{each['id']}: {node['html'][:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
    assert wrong == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", [*PAGES, *MORE])
def test_a_page_is_sound(look, keep, name, scheme):
    look.page.emulate_media(color_scheme=scheme)
    look.page.goto(f"{(PAGES | MORE)[name]}?mode=live")

    assert look.page.locator("h1").count() == 1
    keep(look.page, f"{name}-{scheme}")
    is_sound(look)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("tab", ["", "/timeline"])
def test_the_page_of_an_account_is_sound(look, keep, scheme, tab):
    look.page.emulate_media(color_scheme=scheme)
    look.page.goto("/accounts?mode=live&sort=-mrr")
    home = look.page.locator("tbody a").first.get_attribute("href")
    look.page.goto(f"{home}{tab}")

    keep(look.page, f"account{tab.replace('/', '-')}-{scheme}")
    is_sound(look)


@pytest.mark.parametrize("name", PAGES)
def test_it_works_without_javascript(browser, installation, name):
    context = browser.new_context(base_url=installation.console, java_script_enabled=False)
    page = context.new_page()
    answer = page.goto(f"{PAGES[name]}?mode=live")

    assert answer.status == 200
    assert page.locator("main").inner_text().strip()
    context.close()
