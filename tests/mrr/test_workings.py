"""How an amount comes about: which discounts took what off, and why others took nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from build import ANA, BASIC, START, coupon, customer, discount, item, price, subscription, updated
from facts import Customer, Item, facts, sub
from projections.mrr import counting, mrr_of, workings_of
from projections.mrr.words import InputMissingError
from scenario import given
from schemas.settings import Business, BusinessSettings, Mrr

HALF = coupon("HALF", percent_off=50)
OWN = discount("di_own", coupon=HALF)
METERED = price(10, recurring={"usage_type": "metered"})
ONCE = {**price(5000), "recurring": None}


def working(thing, *events, figure="subscription.mrr", **switches):
    settings = BusinessSettings(business=Business(mrr=figure), mrr=Mrr(**switches))
    row = given(*events, updated(thing), settings=settings).row
    assert row is not None
    [found] = workings_of(row.facts, settings)
    return found


def by_discount(found):
    return [(each.discount, each.level, each.off, each.left_out) for each in found.discounts]


def test_of_each_discount_it_is_said_whose_it_is_and_what_it_took_off_in_their_order():
    two = [item("si_1", discounts=[discount("di_item", coupon=HALF)]), item("si_2")]
    its = discount("di_sub", coupon=HALF, subscription=BASIC)
    found = working(subscription(items=two, discounts=[its]))

    assert by_discount(found) == [
        ("di_item", "item", {"si_1": 1000}, None),
        ("di_sub", "subscription", {"si_1": 500, "si_2": 1000}, None),
    ]


def test_a_customers_discount_is_the_customers():
    found = working(subscription(), updated(customer(discount=OWN)))

    assert by_discount(found) == [("di_own", "customer", {"si_1": 1000}, None)]


def test_a_customers_discount_that_is_replaced_takes_nothing_and_says_so():
    its = discount("di_sub", coupon=HALF, subscription=BASIC)
    found = working(subscription(discounts=[its]), updated(customer(discount=OWN)))

    assert by_discount(found)[1:] == [("di_own", "customer", {}, "replaced")]


@pytest.mark.parametrize(
    ("held", "word"),
    [
        (discount(coupon=HALF, end=START), "ended"),
        (discount(coupon=coupon(percent_off=50, duration="once")), "once"),
        (discount(coupon=coupon(percent_off=50, duration="repeating")), "repeating"),
        (discount(coupon=coupon(percent_off=50, applies_to={"products": ["p"]})), "products"),
        (discount(coupon=coupon(amount_off=50, currency="eur")), "currency"),
    ],
)
def test_a_discount_that_takes_nothing_off_says_why(held, word):
    found = working(subscription(discounts=[held]), discounts="forever")

    assert by_discount(found) == [("di_1", "subscription", {}, word)]
    assert found.amount == 2000


def test_no_discount_takes_off_more_than_there_is():
    double = discount(coupon=coupon(percent_off=100.5))
    found = working(subscription(discounts=[double]))

    assert by_discount(found) == [("di_1", "subscription", {"si_1": 2000}, None)]
    assert found.amount == 0


def test_items_that_are_no_part_of_it_say_why():
    things = [item("si_1"), item("si_2", price=METERED), item("si_3", price=ONCE)]
    found = working(subscription(items=things))

    assert [each.item.id for each in found.items] == ["si_1"]
    assert found.not_recurring == {"si_2": "metered", "si_3": "one_time"}


def test_what_has_no_recurring_item_needs_no_terms_of_its_discounts():
    found = working(subscription(items=[item(price=METERED)], discounts=["di_1"]))

    assert (found.missing, found.amount, found.discounts) == (None, 0, ())


@pytest.mark.parametrize("terms", [{}, {"currency": "usd"}])
def test_a_coupon_that_says_neither_how_much_nor_which_share_is_pending(terms):
    found = working(subscription(discounts=[discount(coupon=coupon(**terms))]))

    assert found.missing == "coupon"


@pytest.mark.parametrize("mode", ["staircase", None])
def test_tiers_of_a_mode_that_we_do_not_know_are_pending(mode):
    terms = {"billing_scheme": "tiered", "tiers_mode": mode}
    tiered = price(None, tiers=[{"up_to": None, "unit_amount": 5}], **terms)

    assert working(subscription(items=[item(price=tiered)])).missing == "tiers"


def test_metadata_without_the_key_are_pending():
    found = working(subscription(metadata={"other": "7"}), figure="metadata:mrr_minor")

    assert found.missing == "metadata"


@pytest.mark.parametrize(
    ("text", "missing"),
    [("9" * 15, None), ("1" + "0" * 15, "amount_range"), ("9" * 24, "amount_range")],
)
def test_a_figure_of_your_own_is_read_whole_and_may_be_too_large(text, missing):
    found = working(subscription(metadata={"mrr_minor": text}), figure="metadata:mrr_minor")

    assert found.missing == missing
    assert found.amount == (0 if missing else int(text))


@pytest.mark.parametrize(
    ("more", "rules", "word"),
    [
        ({"status": "trialing"}, {}, "status"),
        ({"cancel_at": START + 9}, {"cancel_counts": "request"}, "cancel_requested"),
        ({"cancel_at": START + 9}, {"figure": "committed_mrr"}, "leaving"),
        (
            {"pause_collection": {"behavior": "void"}},
            {"pause_collection": "exclude"},
            "collection_paused",
        ),
        ({}, {}, None),
    ],
)
def test_what_counts_nothing_says_why(more, rules, word):
    found = working(subscription(**more), **rules)

    assert (found.zero, found.amount) == (word, 0 if word else 2000)


@pytest.mark.parametrize(("status", "is_leaving"), [("active", True), ("canceled", False)])
def test_what_has_ended_is_not_leaving_any_more(status, is_leaving):
    found = working(subscription(status=status, cancel_at_period_end=True))

    assert found.is_leaving is is_leaving


def test_a_customers_discount_that_nobody_showed_is_pending():
    counted = Item(id="si_1", price="price_1", currency="usd", unit_amount="5", interval="month")
    known = facts(sub(items=(counted,)), profile=Customer(id=ANA, discount="di_1"))
    [found] = workings_of(known, BusinessSettings())

    assert found.missing == "coupon"


def test_a_pending_subscription_hides_no_other():
    pending = subscription("sub_1", discounts=["di_1"], created=START - 1)
    seen = given(updated(pending)).when(updated(subscription("sub_2")))
    view = mrr_of(seen.row.facts, BusinessSettings())

    assert (view.pending, view.by_subscription) == ({"sub_1": "coupon"}, {"sub_2": {"usd": 2000}})


@pytest.mark.parametrize(("bits", "is_told"), [(512, True), (513, False)])
def test_a_fraction_too_long_to_be_told_is_pending(bits, is_told):
    amount = Fraction(1, 2 ** (bits - 1))
    if is_told:
        assert counting._in_range(amount) == amount
    else:
        with pytest.raises(InputMissingError, match="amount_range"):
            counting._in_range(amount)
