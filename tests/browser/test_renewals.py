"""Given renewals, calendar and list go together, with JavaScript and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from conftest import WIDTHS


@pytest.fixture(params=[True, False], ids=["scripted", "plain"])
def page(request, browser, installation, width) -> Page:
    context: BrowserContext = browser.new_context(
        base_url=installation.console,
        viewport=WIDTHS[width],
        java_script_enabled=request.param,
    )
    yield context.new_page()
    context.close()


def count_in(text: str) -> int:
    return int(re.search(r"(\d+) renewal", text)[1])


def test_another_month_moves_calendar_and_list_and_a_day_leads_to_its_list(page):
    page.goto("/renewals?mode=live")
    following = page.locator("a[rel='next']").first
    month = following.inner_text().removesuffix(" →")
    following.click()

    expect(page.locator("#calendar-title")).to_have_text(month)
    expect(page.locator("#list-title")).to_contain_text(f"{month}: ")
    expect(page).to_have_url(re.compile(r"month=\d{4}-\d{2}"))
    day = page.locator(".calendar td.due a").first
    counted = count_in(day.inner_text())
    day.click()
    expect(page).to_have_url(re.compile(r"day=\d{4}-\d{2}-\d{2}#list"))
    expect(page.locator("#calendar-title")).to_have_text(month)
    assert count_in(page.locator("#list-title").inner_text()) == counted
    expect(page.locator("#list tbody tr")).to_have_count(min(counted, 50))
    page.get_by_role("link", name=f"All of {month}").click()
    expect(page.locator("#list-title")).to_contain_text(f"{month}: ")


def test_every_day_on_which_something_renews_says_how_many_and_for_how_much(look):
    look.page.goto("/renewals?mode=live")
    days = look.page.locator(".calendar td.due")

    assert days.count() > 5
    for day in days.all():
        time, count, amounts = (day.locator(each) for each in ("time", "a", ".amounts"))
        assert re.search(r"\d", amounts.inner_text())
        assert re.search(r"\d+ renewal", count.inner_text())
        for each in (time, count, amounts):
            assert each.evaluate(
                "each => each.scrollWidth <= each.clientWidth || each.clientWidth === 0"
            )
            box = each.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= look.page.viewport_size["width"]


def test_two_days_are_asked_for_where_they_are_chosen_and_are_in_the_address(look):
    page = look.page
    page.goto("/renewals?mode=live")
    first = page.get_by_label("From")

    expect(first).to_be_hidden()
    page.get_by_label("Within").select_option("between two days")
    expect(first).to_be_visible()
    last = page.get_by_label("To", exact=True)
    last.fill(first.input_value())
    last.dispatch_event("change")
    expect(page).to_have_url(re.compile(f"last={first.input_value()}"))
    title = page.locator("#calendar-title").inner_text()
    expect(page.locator("#list-title")).to_contain_text(f"{title}: ")
    page.reload()
    expect(last).to_have_value(first.input_value())
    assert look.complaints == []
