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


def test_it_shows_what_lies_between_the_times_as_json(tmp_path):
    done = run(tmp_path, "--from", str(DATE - 8 * DAY), "--to", str(DATE), "--json")

    [told] = map(orjson.loads, done.stdout.splitlines())
    assert (told["type"], told["data"]["automation"]) == ("automation.triggered", "soon")
    assert "soon: 1" in done.stderr
