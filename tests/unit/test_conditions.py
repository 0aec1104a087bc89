from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from build import BASIC, START
from facts import Item, Price, entry, facts, sub, version
from projections.conditions import Considered, accepts_status, matches
from schemas.conditions import Conditions
from schemas.standing import MrrView

DAY = 86_400
BASIC_ITEM = Item(
    id="si_1",
    price="price_basic",
    product="prod_A",
    nickname="Basic",
    currency="usd",
    interval="month",
    quantity=2,
)
SEATS = Item(id="si_2", price="price_seats", product="prod_B", currency="usd", interval="year")
METERED = Item(id="si_3", price="price_use", usage_type="metered", quantity=None)
ONE = {
    "items": (BASIC_ITEM, SEATS, METERED),
    "metadata": {"tier": "gold", "empty": ""},
    "trial_end": START + 3 * DAY,
}


def holds(when, *, at=START, mrr=None, seen=(), prices=None, **changes):
    now = sub(**{**ONE, **changes})
    known_of = entry(now, *seen)
    world = facts(known_of, at=at, prices=prices or {})
    known = MrrView(by_subscription={BASIC: {"usd": Fraction(1999, 2)}}) if mrr is None else mrr
    one = Considered(entry=known_of, status=now.status, facts=world, mrr=known)
    return matches(Conditions.model_validate(when), one)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        #  a bare value, a list, a table
        ({"status": "active"}, True),
        ({"status": "Active"}, False),
        ({"status": ["trialing", "active"]}, True),
        ({"status": {"any_of": ["trialing"]}}, False),
        ({"status": {"equals": "active"}}, True),
        ({"status": {"equals": "active", "any_of": ["trialing"]}}, False),
        ({"status": {"not": "canceled"}}, True),
        ({"status": {"not": ["active", "canceled"]}}, False),
        ({"status": {"contains": "act"}}, True),
        ({"status": {"contains": "act", "not": "active"}}, False),
        ({"status": {"exists": True}}, True),
        ({"status": {"exists": False}}, False),
        #  any item is enough; `not` means none
        ({"price": "price_seats"}, True),
        ({"price": ["price_x"]}, False),
        ({"product": {"not": "prod_B"}}, False),
        ({"product": {"not": "prod_C"}}, True),
        ({"product": {"contains": "prod", "equals": "prod_B"}}, True),
        ({"nickname": {"contains": "Bas"}}, True),
        ({"nickname": "Seats"}, False),
        ({"interval": "year"}, True),
        ({"interval": "week"}, False),
        ({"currency": "usd"}, True),
        ({"currency": {"not": "usd"}}, False),
        #  numbers; two licensed units and one of the item without quantity
        ({"quantity": 3}, True),
        ({"quantity": {"greater": 3}}, False),
        ({"quantity": {"at_least": 3, "at_most": 3}}, True),
        ({"quantity": {"greater": 1, "less": 3}}, False),
        ({"quantity": {"not": 3}}, False),
        ({"quantity": [1, 3]}, True),
        ({"mrr": {"at_least": 1000}}, False),
        ({"mrr": {"greater": 999, "less": 1000}}, True),
        #  metadata, each key for itself
        ({"metadata": {"tier": "gold"}}, True),
        ({"metadata": {"tier": ["silver", "gold"], "region": {"exists": False}}}, True),
        ({"metadata": {"tier": "gold", "region": "eu"}}, False),
        ({"metadata": {"region": {"not": "eu"}}}, True),
        ({"metadata": {"region": {"not": "eu", "exists": True}}}, False),
        ({"metadata": {"empty": {"exists": True}}}, True),
        #  flags
        ({"cancel_scheduled": False}, True),
        ({"cancel_scheduled": {"not": False}}, False),
        ({"ever_paying": True}, True),
        #  every condition must hold
        ({"status": "active", "price": "price_basic"}, True),
        ({"status": "active", "price": "price_x"}, False),
    ],
)
def test_what_a_condition_means(when, expected):
    assert holds(when) is expected


@pytest.mark.parametrize(
    ("when", "changes", "expected"),
    [
        ({"cancel_scheduled": True}, {"cancel_at_period_end": True}, True),
        ({"cancel_scheduled": True}, {"cancel_at": START + 9}, True),
        ({"cancel_scheduled": True}, {"status": "canceled", "cancel_at": START + 9}, False),
        ({"quantity": {"at_least": 0}}, {"items": (METERED,)}, False),
        ({"quantity": {"exists": False}}, {"items": (METERED,)}, True),
        ({"quantity": {"at_least": 0}}, {"has_more_items": True}, False),
        ({"price": {"exists": False}}, {"items": ()}, True),
        ({"price": {"exists": False, "equals": "price_1"}}, {"items": ()}, False),
        ({"price": {"not": "price_1"}}, {"items": ()}, True),
        ({"trial_days_left": {"exists": False}}, {}, True),
        ({"trial_days_left": 3}, {"status": "trialing"}, True),
        ({"trial_days_left": {"exists": False}}, {"status": "trialing", "trial_end": None}, True),
    ],
)
def test_what_is_not_there_is_not_known(when, changes, expected):
    assert holds(when, **changes) is expected


@pytest.mark.parametrize(
    ("passed", "left"),
    [(0, 3), (1, 3), (DAY - 1, 3), (DAY, 2), (3 * DAY - 1, 1), (3 * DAY, 0), (9 * DAY, 0)],
)
def test_days_of_a_trial_are_rounded_up_and_never_below_zero(passed, left):
    assert holds({"trial_days_left": left}, status="trialing", at=START + passed)


@pytest.mark.parametrize(
    "when", [{"at_least": 0}, {"not": 5}, {"any_of": [0]}, {"exists": True}, 0, {"less": 9}]
)
def test_an_unknown_mrr_matches_nothing_but_its_absence(when):
    unknown = MrrView(pending={BASIC: "coupon"})

    assert not holds({"mrr": when}, mrr=unknown)
    assert holds({"mrr": {"exists": False}}, mrr=unknown)


def test_what_does_not_count_has_an_mrr_of_zero():
    assert holds({"mrr": 0}, mrr=MrrView(by_subscription={BASIC: {}}))


def test_ever_paying_is_about_the_whole_life_and_asks_for_a_price():
    paid = [(START, "active", True), (START + 5, "canceled")]
    free = [(START, "active", False), (START + 5, "canceled")]
    over = {"status": "canceled", "ended_at": START + 5}

    assert holds({"ever_paying": True}, seen=paid, **over)
    assert holds({"ever_paying": False}, seen=free, **over)


@pytest.mark.parametrize(
    ("seen_at", "nickname", "expected"),
    [
        (START, "Renamed", True),
        (START + 1, "Renamed", True),
        (START - 1, "Renamed", False),
        (START + 1, None, False),
    ],
)
def test_a_plan_renamed_after_the_subscription_was_seen_has_its_new_name(
    seen_at, nickname, expected
):
    price = Price(id="price_basic", nickname=nickname)
    prices = {"price_basic": (version(price, seen_at),)}

    assert holds({"nickname": "Renamed"}, prices=prices) is expected
    assert holds({"nickname": "Basic"}, prices=prices) is (seen_at < START)


def test_a_rule_without_a_status_accepts_any():
    assert accepts_status(Conditions.model_validate({"price": "price_1"}), "odd")
    assert not accepts_status(Conditions.model_validate({"status": {"not": "odd"}}), "odd")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"status": "active"}, {"status": ["active"]}),
        ({"status": "active"}, {"status": {"equals": "active"}}),
        ({"quantity": 5}, {"quantity": {"any_of": [5]}}),
        ({"price": {"not": "p", "exists": True}}, {"price": {"exists": True, "not": ["p"]}}),
    ],
)
def test_what_means_the_same_is_the_same_and_is_written_the_same_way(one, other):
    first, second = Conditions.model_validate(one), Conditions.model_validate(other)

    assert first == second
    assert first.model_dump_json() == second.model_dump_json()
    assert Conditions.model_validate_json(first.model_dump_json()) == first


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"status": {}},
        {"status": []},
        {"metadata": {}},
        {"metadata": "gold"},
        {"metadata": {"tier": 5}},
        {"statsu": "active"},
        {"status": {"greater": 5}},
        {"quantity": {"contains": 5}},
        {"ever_paying": {"exists": True}},
        {"status": 5},
        {"status": True},
        {"quantity": "5"},
        {"quantity": True},
        {"quantity": 1.5},
        {"quantity": {"at_least": True}},
        {"cancel_scheduled": 1},
        {"cancel_scheduled": "yes"},
        {"status": {"exists": "yes"}},
        {"status": {"not_": "active"}},
        {"currency": "USD"},
    ],
)
def test_what_makes_no_sense_is_refused(when):
    with pytest.raises(ValidationError):
        Conditions.model_validate(when)
