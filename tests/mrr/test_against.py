"""`subfold mrr --against`: where an export of the Dashboard says otherwise."""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from build import START, item, price, subscription
from cli.main import app

RUN = CliRunner()
OURS = [
    subscription("sub_1", customer="cus_1"),
    subscription("sub_2", customer="cus_1", cancel_at=START + 9),
    subscription("sub_3", customer="cus_2", items=[item(price=price(5000, currency="kwd"))]),
    subscription("sub_4", customer="cus_3", discounts=["di_1"]),
    subscription(
        "sub_5", customer="cus_4", items=[item(price=price(500, recurring={"interval": "week"}))]
    ),
]


def against(tmp_path, export, *options):
    (tmp_path / "export.csv").write_text(export)
    text = b"\n".join(map(orjson.dumps, OURS))
    command = ["mrr", "-", "--against", str(tmp_path / "export.csv"), *options]
    return RUN.invoke(app, command, input=text)


def differences(tmp_path, export):
    lines = map(orjson.loads, against(tmp_path, export, "--json").stdout.splitlines())
    return {
        each["id"]: (each["mrr"] and each["mrr"]["amount_minor"], each["export"], each["reason"])
        for each in lines
        if "id" in each
    }


def test_every_difference_has_both_figures_and_a_reason(tmp_path):
    export = """id,Currency,MRR
sub_1,usd,20.00
sub_2,usd,0.00
sub_3,kwd,5.000
sub_4,usd,18.00
sub_5,usd,20.00
sub_9,usd,"1,000.00"
"""
    result = against(tmp_path, export)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "sub_2  ours 20.00 USD, export 0.00 USD: the preset stripe agrees",
        "sub_4  ours not known, export 18.00 USD: pending, coupon: nobody showed the terms of a "
        "discount",
        "sub_5  ours 21.67 USD (6500/3), export 20.00 USD: Stripe does not say how it spreads "
        "weeks and days over a month",
        "sub_9  ours not known, export 1,000.00 USD: it is not in the input",
        "6 compared, 4 differ",
    ]


def test_an_export_may_be_by_customer_and_say_its_currency_in_the_header(tmp_path):
    found = differences(tmp_path, "Customer ID,MRR (USD)\ncus_1,40\ncus_4,21.67\n")

    assert set(found) == {"cus_2", "cus_3"} - {"cus_3"}
    assert found["cus_2"][0] == 5000
    assert found["cus_2"][2] == "it is not in the export; no reason is known"


def test_an_export_without_a_currency_is_read_in_ours(tmp_path):
    found = differences(tmp_path, "subscription_id,Amount\nsub_3,4.5\nsub_1,$20\n")

    assert found["sub_3"][:2] == (5000, {"amount_minor": 4500, "exact": "4500"})
    assert "sub_1" not in found


def test_json_ends_with_a_summary(tmp_path):
    lines = against(tmp_path, "id,mrr\nsub_1,20\n", "--json").stdout.splitlines()

    assert orjson.loads(lines[-1]) == {"summary": {"compared": 5, "differing": 3}}


@pytest.mark.parametrize(
    ("export", "said"),
    [
        ("name,amount\nAna,20\n", "the export needs a header with a column of ids"),
        ("id,name\nsub_1,Ana\n", "the export needs a header with a column of ids"),
        ("id;mrr\nsub_1;20,00\n", "the export's columns must be separated by commas, not by ';'"),
        ("id\tmrr\nsub_1\t20\n", "the export's columns must be separated by commas, not by '\\t'"),
        ("", "the export needs a header with a column of ids"),
        ("id,mrr\nsub_1,20\nsub_2,lots\n", "line 3 of the export: mrr is no amount"),
    ],
)
def test_an_export_that_is_not_understood_is_said(tmp_path, export, said):
    result = against(tmp_path, export)

    assert said in str(result.exception)
