from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from build import START, item, price, subscription, updated
from cli.main import app
from schemas.times import iso

DAY = 86_400
DATE = START + 365 * DAY
RULES = """
[[automations]]
name = "soon"
on = "renewal_upcoming"
before = ["30d", "7d"]

[[automations]]
name = "silent"
on = "inactive_since"
stage = "Customer"
after = "5d"

[[automations]]
name = "trying"
on = "inactive_since"
stage = "Trial"
after = "5d"

[[automations]]
name = "lost"
on = "customer_lost"
grace = "2d"
"""


def renewing(interval: str, date: int, **more):
    usual = price(recurring={"interval": interval, "interval_count": 1})
    return subscription(items=[item(price=usual, current_period_end=date)], **more)


def run(tmp_path, *options, thing=None):
    thing = thing or renewing("year", DATE)
    (tmp_path / "events.jsonl").write_bytes(orjson.dumps(updated(thing)) + b"\n")
    (tmp_path / "rules.toml").write_text(RULES)
    files = ("--events", f"{tmp_path}/events.jsonl", "--settings", f"{tmp_path}/rules.toml")
    return CliRunner().invoke(app, ["timers", *files, *options])


def due(done):
    assert (done.exit_code, done.exception) == (0, None)
    lines = map(orjson.loads, done.stdout.splitlines())
    return [(each["automation"], each["before"], each["due_at"]) for each in lines]


def test_it_lists_what_comes_next_in_order_of_time(tmp_path):
    assert due(run(tmp_path, "--json")) == [
        ("silent", None, iso(START + 5 * DAY)),
        ("soon", "30d", iso(DATE - 30 * DAY)),
        ("soon", "7d", iso(DATE - 7 * DAY)),
    ]


def test_what_has_come_is_armed_no_more(tmp_path):
    assert due(run(tmp_path, "--json", "--at", str(DATE - 20 * DAY))) == [
        ("soon", "7d", iso(DATE - 7 * DAY))
    ]


def test_it_counts_by_rule_and_day(tmp_path):
    done = run(tmp_path, "--days", "6")

    told = [line.split() for line in done.stdout.splitlines()]
    assert told[1:] == [["silent", iso(START + 5 * DAY)[:10], "1"], ["soon", "later", "2"]]


def test_it_says_who_is_not_reminded_because_the_period_is_too_short(tmp_path):
    monthly = renewing("month", START + 31 * DAY)
    table = run(tmp_path, thing=monthly)
    listed = run(tmp_path, "--json", "--rule", "soon", thing=monthly)

    assert "soon: 30d is not armed for 1, whose period is too short" in table.stdout
    assert due(listed) == [("soon", "7d", iso(START + 24 * DAY)), ("soon", "30d", None)]


def test_a_customer_that_may_come_back_is_listed(tmp_path):
    gone = renewing("year", DATE, status="canceled", ended_at=START)
    assert due(run(tmp_path, "--json", thing=gone)) == [("lost", None, iso(START + 2 * DAY))]


@pytest.mark.parametrize("option", [("--at", "5"), ("--settings", "rules.toml")])
def test_options_of_files_go_with_files(option):
    done = CliRunner().invoke(app, ["timers", *option])

    assert "go with --events" in str(done.exception)


def test_a_rule_that_does_not_hold_is_named(tmp_path):
    assert "--rule 'nope': only lost, silent, soon, trying hold" in str(
        run(tmp_path, "--rule", "nope").exception
    )
