"""94 cases, three rule sets, two generations of Stripe's API: through `subfold mrr --json`."""

from __future__ import annotations

from fractions import Fraction

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from shorthand import (
    CASES,
    GENERATIONS,
    PRESETS,
    customer_of,
    customers_discount,
    discount_created,
    name_of,
    subscription_of,
)

RUN = CliRunner()
NOW = 1_800_000_000


def ask(*lines, **options):
    told = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    text = b"\n".join(map(orjson.dumps, lines))
    result = RUN.invoke(app, ["mrr", "-", "--json", *told], input=text)

    assert result.exit_code == 0, result.output
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def exact(answer):
    """What a case expects: amounts that are not 0, or that they are unknown."""
    if answer["unknown"]:
        assert answer["mrr"] == {}
        return "unknown"
    assert answer["mrr"], "zero is written"
    for amount in answer["mrr"].values():
        assert amount["amount_minor"] == round(Fraction(amount["exact"]))
    return {
        currency: amount["exact"]
        for currency, amount in answer["mrr"].items()
        if amount["exact"] != "0"
    }


def expected(case, preset):
    wanted = case["expected"][PRESETS[preset]]
    if wanted == "unknown":
        return wanted
    return {currency: text for currency, text in wanted.items() if text != "0"}


@pytest.fixture(scope="module", params=PRESETS)
def answers(request):
    """Every case in both generations, with what other lines say of its customer."""
    lines = []
    for case in CASES:
        for generation in GENERATIONS:
            lines.append(subscription_of(case, generation))
            if customers_discount(case, generation):
                lines.append(discount_created(case, generation))
    found = ask(*lines, preset=request.param, at=NOW)

    assert [each["id"] for each in found] == [
        line["id"] if line["object"] == "subscription" else line["data"]["object"]["id"]
        for line in lines
    ]
    return request.param, {each["id"]: each for each in found}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_case_is_answered_exactly(answers, generation):
    preset, found = answers
    told = {case["id"]: exact(found[f"sub_{name_of(case, generation)}"]) for case in CASES}

    assert told == {case["id"]: expected(case, preset) for case in CASES}


def test_the_keys_of_an_answer_are_a_contract(answers):
    preset, found = answers
    first, unknown = found["sub_7_endive"], found["sub_44_endive"]

    assert first["at"] == "2027-01-15T08:00:00Z"
    assert (first["preset"], first["unknown"]) == (preset, None)
    assert first["mrr"] == {"usd": {"amount_minor": 16667, "exact": "50000/3"}}
    assert first["why"][0] == "si_7_endive_0: 2,000.00 USD every year, quantity 1"
    assert (unknown["mrr"], unknown["unknown"]) == ({}, "tiers")
    assert set(first["others"]) == set(PRESETS) - {preset}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("case", [case for case in CASES if case["id"] in {63, 64}])
def test_a_customers_discount_counts_however_it_comes(case, preset, generation):
    whole = subscription_of(case, generation)
    listed = {"object": "list", "data": [whole], "has_more": False}
    expanded = subscription_of(case, generation, customer=customer_of(case, generation))
    ways = {
        "expanded in the subscription": [expanded],
        "with its subscriptions": [customer_of(case, generation, subscriptions=listed)],
        "after it": [whole, customer_of(case, generation)],
        "before it": [customer_of(case, generation), whole],
        "as an event": [discount_created(case, generation), whole],
    }
    told = {
        way: [exact(each) for each in ask(*lines, preset=preset, at=NOW) if each["mrr"]]
        for way, lines in ways.items()
    }

    assert told == {way: [expected(case, preset)] for way in ways}


def test_a_thousand_subscriptions_are_answered_in_order():
    whole = subscription_of(CASES[6], "endive")
    lines = [{**whole, "id": f"sub_{number}"} for number in range(1000)]
    found = ask(*lines)

    assert [each["id"] for each in found] == [line["id"] for line in lines]
    assert {each["mrr"]["usd"]["exact"] for each in found} == {"50000/3"}
