"""Given a console: settings are changed by forms, rehearsed, and applied as they were rehearsed."""

from __future__ import annotations

import re
import time

import pytest

from filled import NASTY_WORDS
from schemas.settings import BusinessSettings
from streams.settings import parse_business
from web import client

TABS = ("source", "stages", "business", "mrr", "automations", "toml", "history")


def fields(html: str, section: str) -> dict[str, str]:
    """What a browser would send of the form of this part of the settings, but for buttons."""
    form = re.search(rf'<form method="post" action="/settings/{section}".*?</form>', html, re.S)
    found = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        words = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if words.get("type") != "checkbox" or " checked" in tag:
            name = words["name"]
            found[name] = [*found.get(name, []), words["value"]] if "[]" in name else words["value"]
    for name, inner in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form[0], re.S):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else re.search(r'value="([^"]*)"', inner)[1]
    return found


def until_done(browser, url, job):
    """Reload a page until the job behind it is done."""
    for _ in range(600):
        found = browser.console.jobs.latest(job)
        if found and not found.is_running:
            return browser.get(url).text
        time.sleep(0.05)
    raise AssertionError("not done")


@pytest.fixture
def admin(filled):
    return client(filled)


def posted(browser, section, do="save", **changes):
    form = fields(browser.get(f"/settings/{section}").text, section) | changes | {"do": do}
    answer = browser.post_form(f"/settings/{section}", form)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["location"])


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_every_part_is_shown_to_all_and_changed_by_admins_alone(filled, role):
    browser = client(filled, role)
    for tab in TABS:
        page = browser.get(f"/settings/{tab}")

        assert page.status_code == 200
        assert "version 2" in page.text
        assert "ana@example.com" in page.text
        refused = browser.post_form(f"/settings/{tab}", {"do": "save"})
        assert (refused.status_code == 403) == (role == "viewer")


def test_what_did_not_come_from_a_page_of_ours_changes_nothing(admin):
    for url in ("/settings/source", "/settings/discard", "/settings/apply"):
        answer = admin.post(url, data={"do": "save"}, headers={"origin": "http://127.0.0.1:8090"})

        assert answer.status_code == 403


def test_a_form_that_is_sent_back_as_it_came_means_what_is_in_force(admin):
    for section in ("source", "stages", "business", "mrr", "automations"):
        assert "It says what is in force." in posted(admin, section).text


def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(admin):
    page = posted(
        admin, "business", **{"business.time_zone": NASTY_WORDS, "business.mrr": "metadata:"}
    )

    assert page.text.count('class="fault"') >= 1
    assert 'aria-invalid="true"' in page.text
    assert NASTY_WORDS not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    stages = posted(admin, "stages", **{"stages.rules.0.name": ""})
    assert "wrong</span>" in stages.text
    assert "&lt;script&gt;alert(1)" in admin.get("/settings/business").text


def test_rules_are_added_moved_and_removed_without_a_line_of_script(admin):
    page = posted(admin, "stages", do="add stages.rules")
    assert page.text.count('aria-label="Rule ') == 4

    page = posted(admin, "stages", do="up stages.rules 3", **{"stages.rules.3.name": "New one"})
    assert [page.text.index(f'value="{each}"') for each in ("New one", "Churn")] == sorted(
        page.text.index(f'value="{each}"') for each in ("New one", "Churn")
    )
    page = posted(admin, "stages", do="remove stages.rules 0")
    assert page.text.count('aria-label="Rule ') == 3
    page = posted(admin, "stages", do="preset lifecycle")
    assert page.text.count('aria-label="Rule ') == 8
    assert "At risk" in page.text


def test_an_automation_is_added_and_one_removed(admin):
    page = posted(admin, "automations", do="add automations")
    assert "A new automation" in page.text
    before = page.text.count('aria-label="Automation ')

    page = posted(admin, "automations", do="remove automations 0")
    assert page.text.count('aria-label="Automation ') == before - 1


def test_a_draft_is_ones_own_and_is_thrown_away(admin, filled):
    posted(admin, "stages", do="preset lifecycle")
    assert "You have a draft" in admin.get("/settings").text
    assert "You have a draft" not in client(filled, "viewer").get("/settings").text

    admin.post_form("/settings/discard")
    assert "You have a draft" not in admin.get("/settings").text


def test_toml_is_taken_as_a_draft_or_told_what_is_wrong_with_it(admin):
    wrong = admin.post_form("/settings/toml", {"text": '[contact]\nkind = "firm"\n# mine'})
    assert wrong.status_code == 422
    assert "subfold.toml:2: contact.kind" in wrong.text
    assert "# mine" in wrong.text

    right = admin.post_form("/settings/toml", {"text": '[contact]\nkind = "user"\n'})
    assert right.status_code == 303
    assert "+kind = &#34;user&#34;" in admin.get("/settings/toml").text


def test_the_download_is_what_is_in_force(admin):
    text = admin.get("/settings/subfold.toml").text

    content = parse_business(text, "x")
    assert content.stages.precedence == ("Trial", "Customer", "Churn")
    first = parse_business(admin.get("/settings/subfold.toml?version=1").text, "x")
    assert first == BusinessSettings()


def test_each_version_shows_what_it_changed(admin):
    page = admin.get("/settings/history/2").text

    assert "-precedence = [&#34;Customer&#34;,&#34;Trial&#34;,&#34;Churn&#34;]".replace(
        ",", ", "
    ) in page.replace(",&#34;", ", &#34;")
    assert admin.get("/settings/history/9").status_code == 404


def test_coverage_and_presets_are_counted_beside_and_shown_with_their_time(admin):
    admin.get("/settings/source")
    source = until_done(admin, "/settings/source", "coverage-live")
    assert "as of" in source
    assert "account_id" in source
    assert NASTY_WORDS not in source

    admin.get("/settings/mrr")
    mrr = until_done(admin, "/settings/mrr", "presets-live")
    assert "$" in mrr
    assert "net" in mrr


def test_a_form_that_is_none_of_ours_does_no_harm(admin):
    for form in ({"contact": "x"}, {"contact.match.deep": "x"}, {"contact.look_in": "x"}, {}):
        answer = admin.post_form("/settings/source", form)

        assert answer.status_code in {303, 400}
        assert admin.get("/settings/source").status_code == 200
