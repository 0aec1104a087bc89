"""Movements M1 to M16: event files through `subfold fold`, each with all that it must tell."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app

RUN = CliRunner()
FILES = Path(__file__).parents[1] / "data" / "movements"
ONE, TWO = "sub_1 si_1", "sub_2 si_2"


@pytest.mark.parametrize(
    ("case", "preset", "expected"),
    [
        ("M01 a first subscription", "standard", [("new", "usd 1000", ONE)]),
        ("M02 a trial converts", "standard", [("new", "usd 1000", ONE)]),
        ("M03 a trial is canceled", "standard", []),
        (
            "M04 a downgrade",
            "standard",
            [("new", "usd 5000", ONE), ("contraction", "usd -2500", ONE)],
        ),
        (
            "M05 from 10.00 a month to 100.00 a year",
            "standard",
            [("new", "usd 1000", ONE), ("contraction", "usd -500/3", ONE)],
        ),
        (
            "M06 one of two is canceled",
            "standard",
            [
                ("new", "usd 2000", ONE),
                ("expansion", "usd 3000", TWO),
                ("contraction", "usd -2000", ONE),
            ],
        ),
        (
            "M07 both are canceled",
            "standard",
            [
                ("new", "usd 2000", ONE),
                ("expansion", "usd 3000", TWO),
                ("contraction", "usd -2000", ONE),
                ("churn", "usd -3000", TWO),
            ],
        ),
        (
            "M08 back with a new subscription",
            "standard",
            [
                ("new", "usd 2000", ONE),
                ("churn", "usd -2000", ONE),
                ("reactivation", "usd 1000", TWO),
            ],
        ),
        (
            "M09 a year's subscription is canceled",
            "standard",
            [("new", "usd 1000", ONE), ("churn", "usd -1000", ONE)],
        ),
        (
            "M10 a coupon of 100 % for ever",
            "standard",
            [("new", "usd 2000", ONE), ("churn", "usd -2000", ONE)],
        ),
        (
            "M11 two currencies",
            "standard",
            [("new", "usd 2000", ONE), ("expansion", "eur 3000", TWO)],
        ),
        ("M12 a late payment comes", "standard", [("new", "usd 1000", ONE)]),
        (
            "M13 unpaid and back",
            "standard",
            [
                ("new", "usd 1000", ONE),
                ("churn", "usd -1000", ONE),
                ("reactivation", "usd 1000", ONE),
            ],
        ),
        (
            "M14 two more seats, prorated",
            "standard",
            [("new", "usd 5000", ONE), ("expansion", "usd 2000", ONE)],
        ),
        ("M15 a cancellation is withdrawn", "standard", [("new", "usd 2000", ONE)]),
        ("M15 a cancellation is withdrawn", "net", [("new", "usd 2000", ONE)]),
        (
            "M15 a cancellation is withdrawn",
            "stripe",
            [
                ("new", "usd 2000", ONE),
                ("churn", "usd -2000", ONE),
                ("reactivation", "usd 2000", ONE),
            ],
        ),
        ("M16 an update waits for its payment", "standard", [("new", "usd 1000", ONE)]),
    ],
)
def test_every_movement_is_told_once_with_its_kind(case, preset, expected, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(f'[mrr]\npreset = "{preset}"\n')
    file = FILES / f"{case.split()[0]}.events.jsonl"
    result = RUN.invoke(app, ["fold", str(file), "--settings", str(rules)])
    updates = [orjson.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert [
        told(update["data"]) for update in updates if update["type"] == "customer.mrr_changed"
    ] == expected


def told(update):
    delta = [
        f"{currency} {amount['exact']}"
        for currency, amount in update["delta"].items()
        if amount["exact"] != "0"
    ]
    return update["movement"], *delta, " ".join([update["subscription"], *update["items"]])
