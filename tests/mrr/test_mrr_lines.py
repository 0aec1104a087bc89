"""What `subfold mrr` takes, and how it answers what it cannot count."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from build import ANA, BASIC, START, customer, event, item, price, subscription, updated
from cli.main import app
from shorthand import CASES, GENERATIONS, customer_of, customers_discount, subscription_of
from test_mrr_cases import NOW, ask, exact

RUN = CliRunner()
RECORDED = Path(__file__).parents[2] / "cli" / "demo" / "recorded_events"
TEN = {"id": "di_1", "coupon": {"id": "TEN", "duration": "forever", "percent_off": 10}}
TIERED = price(None, billing_scheme="tiered", tiers_mode="volume")


def rows(*events):
    text = b"\n".join(map(orjson.dumps, events))
    printed = RUN.invoke(app, ["fold", "-", "--state", "--at", str(NOW)], input=text).stdout
    return [orjson.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_customer_row_carries_all_that_its_mrr_needs(generation):
    history = []
    for case in CASES:
        history.append(
            updated(subscription_of(case, generation), at=NOW, id=f"evt_{case['id']}_{generation}")
        )
        if customers_discount(case, generation):
            history.append(updated(customer_of(case, generation), at=NOW - 1))
    found = rows(*history)
    answers = ask(*found)

    assert len(found) == len(CASES)
    assert [each["id"] for each in answers] == [row["customer"]["id"] for row in found]
    assert [each["mrr"] for each in answers] == [row["mrr"] for row in found]
    assert [each["unknown"] for each in answers] == [
        row["pending"][0]["reason"] if row["pending"] else None for row in found
    ]


def test_a_row_has_the_price_in_the_subscriptions_currency():
    options = {"eur": {"unit_amount": 1800}}
    sold = subscription(currency="eur", items=[item(price=price(2000, currency_options=options))])
    [row] = rows(updated(sold))

    assert row["mrr"] == {"eur": {"amount_minor": 1800, "exact": "1800"}}
    assert [each["mrr"] for each in ask(row)] == [row["mrr"]]


def test_a_line_is_asked_at_its_own_time_unless_another_is_given():
    ending = {**TEN, "coupon": {**TEN["coupon"], "duration": "repeating"}, "end": START + 5}
    seen = updated(subscription(discounts=[ending]), at=START)
    [own], [later] = ask(seen), ask(seen, at=START + 5)

    assert (own["at"], exact(own)) == ("2027-01-15T08:00:00Z", {"usd": "1800"})
    assert (later["at"], exact(later)) == ("2027-01-15T08:00:05Z", {"usd": "2000"})


def test_a_subscription_event_is_named_by_its_subscription_and_a_customer_by_itself():
    listed = {"data": [subscription("sub_1"), subscription("sub_2")], "has_more": False}
    found = ask(updated(subscription()), customer(subscriptions=listed))

    assert [each["id"] for each in found] == [BASIC, ANA]
    assert [exact(each) for each in found] == [{"usd": "2000"}, {"usd": "4000"}]


def test_what_other_lines_say_of_coupons_and_prices_counts_in_any_order():
    named = {"id": "di_1", "source": {"type": "coupon", "coupon": "TEN"}}
    asked = subscription(items=[item(price=TIERED)], discounts=[named])
    coupon = {"object": "coupon", **TEN["coupon"]}
    tiers = {**TIERED, "tiers": [{"up_to": None, "unit_amount": 700}]}
    alone, *_ = ask(asked)
    before = ask(coupon, event("price.created", tiers), asked)
    after = ask(asked, event("coupon.created", coupon), tiers)

    assert alone["unknown"] == "tiers"
    assert exact(before[2]) == exact(after[0]) == {"usd": "630"}


def test_a_lines_own_terms_come_before_those_of_others():
    other = {**TEN, "coupon": {**TEN["coupon"], "percent_off": 50}}
    found = ask(subscription(discounts=[TEN]), subscription("sub_2", discounts=[other]))

    assert [exact(each) for each in found] == [{"usd": "1800"}, {"usd": "1000"}]


def test_what_a_subscriptions_line_shows_is_its_own_alone():
    own = {"discount": {**TEN, "id": "di_own"}}
    tiers = {**TIERED, "tiers": [{"up_to": None, "unit_amount": 700}]}
    found = ask(
        subscription(customer=customer(**own)),
        subscription(items=[item(price=tiers)], discounts=[TEN]),
        subscription(),
        subscription(items=[item(price=TIERED)]),
        subscription(discounts=["di_1"]),
    )

    assert [exact(each) for each in found[:3]] == [{"usd": "1800"}, {"usd": "630"}, {"usd": "2000"}]
    assert [each["unknown"] for each in found[3:]] == ["tiers", "coupon"]


def test_another_line_may_show_which_products_a_coupon_is_for():
    whole = {"object": "coupon", **TEN["coupon"], "applies_to": {"products": ["prod_Z"]}}
    found = ask(subscription(discounts=[TEN]), whole)

    assert exact(found[0]) == {"usd": "2000"}
    assert "it applies to other products" in found[0]["why"][1]


def test_a_discount_that_came_later_does_not_reach_back():
    second = {**TEN, "id": "di_2"}
    found = ask(
        updated(subscription(), at=START),
        updated(subscription(discounts=[second]), at=START + 1),
    )

    assert [exact(each) for each in found] == [{"usd": "2000"}, {"usd": "1800"}]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (customer(), "the customer's subscriptions are not in it"),
        (
            customer(subscriptions={"data": [subscription()], "has_more": True}),
            "the customer's subscriptions are cut off",
        ),
        ({"object": "balance"}, "it is no subscription"),
        (event("invoice.paid", {"object": "invoice", "id": "in_1"}), "it is no subscription"),
        (event("charge.failed", {"object": "charge", "id": "ch_1"}), "it is no subscription"),
        ({"object": "coupon", **TEN["coupon"]}, "it tells of a discount, a coupon, a price"),
    ],
)
def test_a_line_without_an_mrr_of_its_own_says_why(line, reason):
    [found] = ask(line)

    assert found["mrr"] == {}
    assert found["unknown"].startswith(reason)


def test_every_recorded_event_has_its_answer():
    result = RUN.invoke(app, ["mrr", str(RECORDED), "--json"])
    answers = [orjson.loads(line) for line in result.stdout.splitlines()]

    assert len(answers) == len(list(RECORDED.rglob("*.json"))) == 159
    assert [each["id"] for each in answers if each["mrr"] and each["unknown"]] == []
    assert sum(each["unknown"] is None for each in answers) == 8
    assert (result.exit_code, result.stderr) == (0, "")


def test_unreadable_lines_are_answered_too_and_end_in_exit_1():
    broken = {**subscription(), "status": None}
    text = b"\n".join([b"{", orjson.dumps(subscription()), b"[1]", orjson.dumps(broken)])
    result = RUN.invoke(app, ["mrr", "-", "--json"], input=text)
    found = [orjson.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 1
    assert [each["unknown"] is None for each in found] == [False, True, False, False]
    assert "stdin:1: not JSON" in result.stderr
    assert "stdin:3: not a JSON object" in result.stderr
    assert "stdin:4: fields that cannot be read: status: string_type" in result.stderr


def test_a_customer_whose_subscriptions_are_none_is_unreadable():
    lines = [customer(subscriptions=junk) for junk in ({"data": None}, {"data": [5]}, 5)]
    result = RUN.invoke(app, ["mrr", "-", "--json"], input=b"\n".join(map(orjson.dumps, lines)))

    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 3)


def test_the_keys_of_metadata_are_never_told():
    broken = subscription(metadata={"jane.doe@example.com": 5})
    result = RUN.invoke(app, ["mrr", "-", "--json"], input=orjson.dumps(broken))

    assert "metadata.*: string_type" in result.stdout
    assert "jane" not in result.output


@pytest.mark.parametrize(
    ("place", "junk"),
    [
        (("as_of",), "yesterday"),
        (("subscriptions", 0, "items", 0, "unit_amount"), "2e3"),
        (("subscriptions", 0, "items", 0, "interval_count"), 0),
        (("subscriptions", 0, "tax_included"), ["a fifth"]),
        (("subscriptions", 0, "status"), None),
    ],
)
def test_a_row_that_is_none_is_unreadable(place, junk):
    [row] = rows(updated(subscription()))
    holder = row
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = junk
    result = RUN.invoke(app, ["mrr", "-", "--json"], input=orjson.dumps(row))

    assert (result.exit_code, orjson.loads(result.stdout)["mrr"]) == (1, {})
    assert "stdin: fields that cannot be read" in result.stderr


def test_settings_give_the_rules_and_preset_overrides_theirs(tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[mrr]\npreset = "stripe"\nweeks_per_month = "4"\n')
    weekly = subscription(
        cancel_at=START + 9, items=[item(price=price(recurring={"interval": "week"}))]
    )
    [stripe] = ask(weekly, settings=rules, at=START)
    [standard] = ask(weekly, settings=rules, preset="standard", at=START)

    assert (stripe["preset"], exact(stripe)) == ("stripe", {})
    assert (standard["preset"], exact(standard)) == ("standard", {"usd": "8000"})
    assert standard["why"][-1].endswith("4 weeks a month")


def test_people_are_told_every_step():
    sold = subscription(items=[item(quantity=2)], discounts=[TEN], cancel_at=START + 9)
    result = RUN.invoke(app, ["mrr", "-"], input=orjson.dumps(sold))

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "sub_basic  36.00 USD",
        "  si_1: 40.00 USD every month, quantity 2",
        "  discount di_1 (10 % forever) of the subscription: 4.00 USD off si_1",
        "  si_1: 36.00 USD × 1 = 36.00 USD a month",
        "  sub_basic (active, has a scheduled end): 36.00 USD a month",
        "  rules: standard: recurring discounts, a scheduled cancellation counts at its end",
        "  other presets: stripe: 0.00 USD; net: 36.00 USD",
    ]
