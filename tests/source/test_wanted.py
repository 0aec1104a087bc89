"""What a row lacks, by the row that the fold makes of Stripe's objects."""

from __future__ import annotations

import pytest

from build import ANA, BASIC, START, coupon, customer, discount, item, price, subscription, updated
from build import fetched as fetch
from scenario import given
from schemas.settings import BusinessSettings
from streams.source.wanted import Object, used_by, wanted_by

SUB, CUSTOMER = Object("subscription", BASIC), Object("customer", ANA)
TIERED = price(None, id="price_T", billing_scheme="tiered", tiers_mode="graduated")
TIERS = [{"up_to": None, "unit_amount": 100, "unit_amount_decimal": "100", "flat_amount": None}]
SOURCED = {"source": {"type": "coupon", "coupon": "C"}}


def wanted(*bodies, **more):
    return set(wanted_by(given(**more).when(*bodies).state))


def changed(**more):
    return updated(subscription(currency="usd", **more))


def cut(things):
    return {"object": "list", "data": things, "has_more": True}


@pytest.mark.parametrize(
    ("bodies", "lacks"),
    [
        ([changed()], set()),
        ([changed(items=[item(price=TIERED)])], {Object("price", "price_T")}),
        (
            [changed(items=[item(price=TIERED)]), fetch(TIERED | {"tiers": TIERS}, "enrichment")],
            set(),
        ),
        ([changed(items=[item(price=price(currency="eur"))])], {Object("price", "price_1")}),
        ([changed(discounts=["di_1"])], {SUB}),
        ([changed(discounts=[discount(**SOURCED)])], {Object("coupon", "C")}),
        ([changed(items=[item(discounts=["di_1"])])], {SUB}),
        ([changed(items=[item(discounts=[discount(**SOURCED)])])], {Object("coupon", "C")}),
        (
            [
                changed(discounts=[discount(**SOURCED)]),
                fetch(coupon(percent_off=10), "enrichment"),
            ],
            set(),
        ),
        ([changed(discounts=[discount(end=START - 9, **SOURCED)])], set()),
        ([changed(), updated(customer(discount=discount(**SOURCED)))], {Object("coupon", "C")}),
        ([changed(), updated(customer(discount=discount()))], {CUSTOMER}),
        ([changed(status="canceled", items=[item(price=TIERED)])], set()),
        ([changed(items=[item(price=price(None))])], {SUB}),
    ],
)
def test_a_row_lacks_what_its_mrr_needs_and_no_webhook_shows(bodies, lacks):
    assert wanted(*bodies) == lacks


def test_a_list_that_was_cut_is_lacking_whatever_the_mrr():
    few = subscription(status="trialing", currency="usd")
    few["items"] = cut([item()])

    assert wanted(updated(few)) == {SUB}


def test_all_that_a_subscription_lacks_is_wanted_at_once():
    many = subscription(currency="usd", discounts=[discount(**SOURCED)])
    many["items"] = cut([item(price=TIERED)])

    assert wanted(updated(many)) == {SUB, Object("price", "price_T"), Object("coupon", "C")}


def test_a_coupon_that_hides_its_products_is_wanted_where_that_matters():
    shown = discount(coupon=coupon(percent_off=10))
    two = [item(), item("si_2", price=price(id="price_2", product="prod_B"))]

    assert wanted(changed(discounts=[shown])) == set()
    assert wanted(changed(discounts=[shown], items=two)) == {Object("coupon", "C")}


def test_what_stripe_cannot_answer_is_not_wanted():
    from_metadata = BusinessSettings(business={"mrr": "metadata:worth"})

    seen = given(settings=from_metadata).when(changed())

    assert [each.reason for each in seen.state.pending] == ["metadata"]
    assert wanted_by(seen.state) == frozenset()


def test_a_row_uses_prices_products_and_coupons_of_what_has_not_ended():
    living = changed(discounts=[discount(**SOURCED)])
    ended = updated(subscription("sub_old", "canceled", items=[item(price=price(id="price_old"))]))

    assert set(used_by(given(living).when(ended).state)) == {
        Object("price", "price_1"),
        Object("product", "prod_A"),
        Object("coupon", "C"),
    }
