"""What people read on the pages: one form of dates, names instead of addresses, plain words."""

from __future__ import annotations

import re
from html import unescape
from typing import get_args

import orjson
import pytest
from sqlalchemy import insert, update

from console.access.audit import note
from console.queries.sentences import REASONS
from console.read_model.tables import dead_letters, source_states
from console.read_model.update_tables import moments
from filled import NASTY, UNTIL
from schemas.updates import AutomationSkipped, AutomationSuperseded
from web import client

PAGES = [
    "/automations",
    "/automations/rule?name=renewal-7d",
    "/automations/tryout",
    "/settings",
    "/settings/history",
    "/settings/history/2",
    "/connect",
    "/health",
    "/health?state=all",
    "/admin",
    "/audit",
    f"/accounts/{NASTY}",
    f"/accounts/{NASTY}/objects",
    f"/accounts/{NASTY}/why",
    "/accounts",
    "/revenue",
    "/renewals",
    "/renewals?days=365",
]
NO_SENTENCES = r"<(pre|script|code)\b.*?</\1>"
"""What is quoted as it came."""


def told(html: str) -> str:
    """What somebody reads, without what is quoted."""
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(NO_SENTENCES, "", html, flags=re.DOTALL)))


@pytest.fixture
def here(filled):
    """A console of somebody whose sources were read and compared."""
    kept = {
        "main/-/live/catch_up": {"complete_until": UNTIL - 60, "failed_at": UNTIL, "failure": "x"},
        "main/-/live/reconcile": {"last_full_check_at": UNTIL - 3_600, "drift_open": 2},
        "main/acct_1/test/backfill": {"began_at": UNTIL},
    }
    with filled.begin() as connection:
        rows = [{"key": key, "body": orjson.dumps(body).decode()} for key, body in kept.items()]
        connection.execute(insert(source_states), rows)
    browser = client(filled)
    with browser.console.access.begin() as connection:
        details = {"hash": "a1" * 32}
        note(connection, at=UNTIL, actor="ana", what="settings.applied", details=details)
    return browser


def test_moments_that_were_told_at_once_differ_by_when_they_were_due(here, filled):
    moment = {
        "subject": NASTY,
        "livemode": True,
        "what": "skipped",
        "automation": "renewal-7d",
        "reason": "before_rule",
        "recorded_at": UNTIL + 60,
    }
    with filled.begin() as connection:
        for number in range(3):
            due = {"id": f"m{number}", "key": f"k{number}", "due_at": UNTIL - number * 86_400}
            connection.execute(insert(moments).values(**moment, **due))

    card = told(here.get(f"/accounts/{NASTY}").text.partition("What automations were told")[2])

    days = [card.index(f"{day} Dec 2026, 00:00 UTC") for day in (31, 30)]
    assert 0 < card.index("1 Jan 2027, 00:00 UTC") < days[0] < days[1]


@pytest.mark.parametrize("page", PAGES)
def test_dates_have_one_form_and_sources_a_name(here, page):
    answer = here.get(page)
    text = told(answer.text)

    assert answer.status_code == 200
    # Versions of Stripe's API are called by a day, and a point.
    assert not re.findall(r"\d{4}-\d{2}-\d{2}(?!\.[a-z])\S*", text)
    assert "/-/" not in text


def test_health_and_connect_say_which_source_and_when(here):
    health, connect = here.get("/health").text, here.get("/connect").text

    assert "main · live mode" in told(health)
    assert "main · acct_1 · test mode" in told(health)
    assert "31 Dec 2026, 23:00 UTC" in told(health)
    assert "main · live mode" in told(connect)
    assert "31 Dec 2026, 23:59 UTC" in told(connect)


def test_health_tells_an_admin_what_to_do_and_a_viewer_nothing_that_is_not_for_them(here, filled):
    mine, theirs = here.get("/health").text, client(filled, "viewer").get("/health").text

    assert "<code>subfold reconcile --source main</code>" in mine
    assert 'href="/connect#source-main"' in mine
    assert 'href="/health#letters"' in mine
    assert "What to do" not in theirs
    to_do = mine[mine.index("What to do") : mine.index("What this rests on")].split("<li>")[1:]
    assert to_do
    assert all("<a href" in each or "<code>subfold " in each for each in to_do)


def test_a_dead_letter_leads_to_whom_it_concerns(here, filled):
    with filled.begin() as connection:
        where = dead_letters.c.state == "open"
        connection.execute(update(dead_letters).where(where).values(subject=NASTY))
    page = here.get("/health").text
    letters = page[page.index('id="letters"') :]

    assert f'href="/accounts/{NASTY}"' in letters
    assert "given back" in told(letters)
    assert "redriven" not in told(letters)


def test_a_hash_of_the_audit_is_its_beginning_and_whole_where_one_points(here):
    page = here.get("/audit").text

    assert f'title="{"a1" * 32}">a1a1a1a1a1a1…' in page
    assert ">" + "a1" * 32 not in page


def test_every_reason_of_the_contract_has_plain_words():
    words = {
        each
        for update in (AutomationSkipped, AutomationSuperseded)
        for each in get_args(update.model_fields["reason"].annotation)
    }

    assert set(REASONS) == words
    assert not any("_" in sentence for sentence in REASONS.values())
