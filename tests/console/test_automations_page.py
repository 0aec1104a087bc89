"""Automations: what fired and what is armed, as updates and rows say."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import create_engine, insert, select

from console.queries.automation import armed_by_day, moments_by_day, moments_of, timers
from console.queries.automations import rules
from console.queries.sentences import sentence
from console.read_model.ahead_tables import armed
from console.read_model.tables import metadata
from console.read_model.update_tables import moments
from filled import NASTY, UNTIL, fill
from schemas.automations import Automation
from schemas.settings import BusinessSettings
from web import client

DAY_S = 86_400
CONTENT = BusinessSettings()


@pytest.fixture
def connection(filled):
    with filled.connect() as connection:
        yield connection


def test_what_fired_is_what_was_told(connection):
    told = list(connection.execute(select(moments).where(moments.c.livemode)).mappings())
    found = rules(connection, livemode=True, now=UNTIL)

    assert found.settings_version == 2
    assert len(told) > 300
    for rule in found.rules:
        own = [each for each in told if each["automation"] == rule.name]
        month = Counter(each["what"] for each in own if each["recorded_at"] > UNTIL - 30 * DAY_S)
        week = Counter(each["what"] for each in own if each["recorded_at"] > UNTIL - 7 * DAY_S)
        assert rule.fired_month == month["triggered"]
        assert rule.fired_week == week["triggered"]
        assert rule.skipped_month == month["skipped"]
        assert rule.superseded_month == month["superseded"]
        assert rule.last_at == max((each["recorded_at"] for each in own), default=None)
    assert {each["automation"] for each in told} <= {rule.name for rule in found.rules}


def test_what_is_armed_is_what_the_rows_say(connection):
    rows = list(connection.execute(select(armed).where(armed.c.livemode)).mappings())
    for rule in rules(connection, livemode=True, now=UNTIL).rules:
        own = [each["due_at"] for each in rows if each["automation"] == rule.name]
        due = [at for at in own if at is not None]
        assert (rule.armed, rule.next_at) == (len(due), min(due, default=None))
        assert rule.not_armed == len(own) - len(due)
    listed = timers(connection, livemode=True, limit=1_000)
    assert [each.due_at for each in listed] == sorted(
        each["due_at"] for each in rows if each["due_at"] is not None
    )


def test_the_days_ahead_count_what_is_listed(connection):
    listed = timers(connection, livemode=True, automation="renewal-7d", limit=1_000)
    days = armed_by_day(connection, livemode=True, automation="renewal-7d", now=UNTIL)

    soon = [each for each in listed if each.due_at < (UNTIL // DAY_S + 14) * DAY_S]
    assert sum(day.armed for day in days) == len(soon) > 0


def test_a_rule_s_history_is_leafed_through_without_gaps(connection):
    seen, cursor = [], ""
    while True:
        page = moments_of(
            connection, livemode=True, automation="renewal-7d", cursor=cursor, limit=7
        )
        seen += [each.id for each in page.moments]
        if page.cursor is None:
            break
        cursor = page.cursor
    told = select(moments.c.id).where(moments.c.livemode, moments.c.automation == "renewal-7d")
    assert len(seen) == len(set(seen))
    assert set(seen) == set(connection.scalars(told))


def test_days_add_up_to_the_moments(connection):
    days = moments_by_day(connection, livemode=True, automation="renewal-7d", now=UNTIL)
    first = (UNTIL // DAY_S - 89) * DAY_S
    told = select(moments.c.id).where(
        moments.c.livemode,
        moments.c.automation == "renewal-7d",
        moments.c.what == "triggered",
        moments.c.recorded_at >= first,
    )

    assert len(days) == 90
    assert sum(day.triggered for day in days) == len(connection.execute(told).all()) > 0


def test_a_rule_that_settings_no_more_name_keeps_its_past(filled):
    with filled.begin() as connection:
        one = connection.execute(select(moments).limit(1)).mappings().one()
        former = {**one, "id": "f" * 32, "automation": "former", "livemode": True}
        connection.execute(insert(moments), [former])
        found = {it.name: it for it in rules(connection, livemode=True, now=UNTIL).rules}

    assert not found["former"].is_in_force
    assert found["former"].sentence is None
    assert found["renewal-30d"].is_in_force


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"on": "renewal_upcoming", "before": ["30d", "1d"], "at": "09:00"},
            "30 days or 1 day before a subscription renews, at 09:00.",
        ),
        (
            {"on": "stage_entered", "stage": "Trial", "when": {"metadata": {"vip": "yes"}}},
            "When a customer comes into the stage Trial, if its metadata vip is yes.",
        ),
        (
            {
                "on": "renewal_upcoming",
                "before": "7d",
                "when": {"renewal_period": {"at_least": 28, "less": 90}},
            },
            "7 days before a subscription renews, "
            "if its period in days is less than 90 and is at least 28.",
        ),
        (
            {"on": "payment_failed", "when": {"ever_paying": True, "cancel_scheduled": False}},
            "When a payment fails, if no cancellation is scheduled and it was ever paid for.",
        ),
        (
            {"on": "payment_failed", "when": {"mrr": {"at_least": 500}}, "useful_until": "2d"},
            "When a payment fails, if its MRR in minor units is at least 500; "
            "not when it comes more than 2 days late.",
        ),
        (
            {"on": "customer_lost", "grace": "12h", "late": "skip"},
            "When a customer's last subscription ends and none follows within 12 hours; "
            "not when that comes more than an hour late.",
        ),
    ],
)
def test_rules_in_plain_english(given, told):
    assert sentence(Automation.model_validate({"name": "r", **given})) == told


def test_pages_show_rules_and_each_rule(filled):
    browser = client(filled)
    listed, one = browser.get("/automations").text, browser.get("/automations/rule?name=renewal-7d")

    assert "30 days before a subscription renews" in listed
    assert one.status_code == 200
    assert one.text.count('<figure class="chart"') == one.text.count("The same as a table") == 2
    assert browser.get("/automations/rule?name=none-such").status_code == 404
    assert browser.get("/automations/rule?name=renewal-7d&cursor=x").status_code == 404


def test_names_are_written_as_text(filled):
    page = client(filled).get("/automations/rule?name=renewal-7d&offset=0").text

    with filled.connect() as connection:
        own = [it for it in timers(connection, livemode=True, limit=1_000) if it.subject == NASTY]
    assert own
    assert "<script>alert" not in page


def test_the_api_says_the_same(filled):
    browser = client(filled)
    found = browser.get("/api/v1/automations").json()
    page = browser.get("/api/v1/automations/moments?automation=renewal-7d&limit=3").json()
    more = browser.get(
        f"/api/v1/automations/moments?automation=renewal-7d&limit=3&cursor={page['cursor']}"
    ).json()

    assert [rule["name"] for rule in found["rules"]][:2] == ["renewal-30d", "renewal-7d"]
    assert not {it["id"] for it in page["moments"]} & {it["id"] for it in more["moments"]}
    assert len(browser.get("/api/v1/automations/armed?limit=5").json()) == 5
    assert browser.get("/api/v1/automations/tryout").status_code == 404


def test_an_empty_read_model_has_pages_that_say_so(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'read_model.db'}")
    metadata.create_all(engine)
    fill(engine, [])
    browser = client(engine)

    assert "Nothing is armed" in browser.get("/automations").text
    assert "No moment yet" in browser.get("/automations/rule?name=renewal-7d").text
    assert "Nothing was tried out yet" in browser.get("/automations/tryout").text
