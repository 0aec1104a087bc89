from __future__ import annotations

import orjson
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
name = "gone"
on = "subscription_canceled"
"""


def run(tmp_path, *options):
    usual = price(recurring={"interval": "year", "interval_count": 1})
    thing = subscription(items=[item(price=usual, current_period_end=DATE)])
    (tmp_path / "events.jsonl").write_bytes(orjson.dumps(updated(thing)) + b"\n")
    (tmp_path / "rules.toml").write_text(RULES)
    files = ("--events", f"{tmp_path}/events.jsonl", "--settings", f"{tmp_path}/rules.toml")
    return CliRunner().invoke(app, ["rules", "test", *files, *options])


def test_it_prints_what_would_have_been_told_when(tmp_path):
    done = run(tmp_path, "--to", str(DATE))

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{iso(DATE - days * DAY)}  soon  cus_ana  sub_basic" for days in (30, 7)
    ]
    assert done.stderr.splitlines()[-2:] == ["soon: 2", "gone: 0"]


def test_it_says_what_was_held_back_and_what_holds_no_more(tmp_path):
    usual = price(recurring={"interval": "year", "interval_count": 1})
    near = subscription("sub_2", items=[item(price=usual, current_period_end=START + 20 * DAY)])
    gone = {**near, "status": "canceled", "ended_at": START + 14 * DAY}
    (tmp_path / "late.jsonl").write_bytes(
        orjson.dumps(updated(near)) + b"\n" + orjson.dumps(updated(gone, at=START + 14 * DAY))
    )
    done = run(tmp_path, "--events", f"{tmp_path}/late.jsonl")

    assert done.stdout.splitlines()[-3:] == [
        f"{iso(START + 13 * DAY)}  soon  cus_ana  sub_2",
        f"{iso(START + 14 * DAY)}  soon  cus_ana  sub_2  holds no more: over",
        f"{iso(START + 14 * DAY)}  gone  cus_ana  sub_2",
    ]
    assert "soon: 1; held back: 1 past_at_first_sight" in done.stderr


def test_it_shows_what_lies_between_the_times_as_json(tmp_path):
    done = run(tmp_path, "--from", str(DATE - 8 * DAY), "--to", str(DATE), "--json")

    [told] = map(orjson.loads, done.stdout.splitlines())
    assert (told["type"], told["data"]["automation"]) == ("automation.triggered", "soon")
    assert "soon: 1" in done.stderr
