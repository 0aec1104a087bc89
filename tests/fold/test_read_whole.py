"""Every field that is kept of an object, read from one that has them all, each another value."""

from __future__ import annotations

import pytest

from build import ANA, START, coupon, customer, discount, invoice, plan, price
from schemas import objects as ours
from streams.fold.event_types import Effect
from streams.fold.shapes import read_terms, read_things

TEN = coupon("TEN", percent_off=10)


def read(effect, thing, *, is_deleted=False):
    return read_things(effect, thing, ANA, is_deleted=is_deleted)


def test_a_customer_is_read_whole():
    more = {"currency": "USD", "test_clock": "clock_1", "discount": discount(coupon=TEN)}
    seen, *_ = read(Effect.CUSTOMER, customer(**more))

    assert seen == ours.Customer(
        id=ANA,
        name="Ana",
        email="ana@example.com",
        currency="usd",
        created_at=START,
        test_clock="clock_1",
        discount="di_1",
        metadata={"account_id": "acme-42"},
    )


def test_a_customer_without_a_currency_has_none():
    [seen] = read(Effect.CUSTOMER, customer(currency=None))

    assert seen.currency is None


@pytest.mark.parametrize(("says", "is_event"), [(True, False), (False, True), (True, True)])
def test_a_customer_is_deleted_when_it_says_so_or_its_event_does(says, is_event):
    [seen] = read(Effect.CUSTOMER, customer(deleted=says), is_deleted=is_event)

    assert seen.deleted


def test_an_invoice_is_read_whole():
    moved = {"status_transitions": {"paid_at": START + 1}}
    more = {"currency": "EUR", "amount_paid": 7, "attempt_count": 3, "next_payment_attempt": 9}
    more |= {"billing_reason": "manual", "amount_remaining": 2}
    [seen] = read(Effect.INVOICE, invoice("in_1", "open", amount=8, **more, **moved))

    assert seen == ours.Invoice(
        id="in_1",
        status="open",
        subscription="sub_basic",
        billing_reason="manual",
        currency="eur",
        amount_due=8,
        amount_paid=7,
        amount_remaining=2,
        attempt_count=3,
        next_attempt_at=9,
        paid_at=START + 1,
        created_at=START,
    )


@pytest.mark.parametrize(
    ("older", "created_at"),
    [
        ({"created": None, "date": START - 5}, START - 5),
        ({"created": START, "date": START - 5}, START),
        ({"created": None, "date": None}, 0),
    ],
)
def test_an_invoice_was_once_dated_in_other_words(older, created_at):
    [seen] = read(Effect.INVOICE, invoice(**older))

    assert seen.created_at == created_at


def test_an_invoice_that_only_says_that_it_is_not_paid_has_no_status():
    bare = {"status": None, "paid": False, "currency": None, "attempt_count": None}
    [seen] = read(Effect.INVOICE, invoice(**bare))

    assert (seen.status, seen.currency, seen.attempt_count) == (None, None, 0)


def schedule(**more):
    phases = [{"start_date": START, "end_date": START + 9}, {"start_date": START + 9}]
    return {
        "id": "sub_sched_1",
        "customer": ANA,
        "status": "active",
        "end_behavior": "cancel",
        "phases": phases,
        "created": START - 1,
        **more,
    }


def test_a_schedule_is_read_whole():
    pauses = [{"resume": {"resume_at": START + 7}}, {"resume": {"resume_at": None}}, {}]
    [seen] = read(Effect.SCHEDULE, schedule(subscription="sub_basic", pause_schedules=pauses))

    assert seen == ours.Schedule(
        id="sub_sched_1",
        status="active",
        subscription="sub_basic",
        end_behavior="cancel",
        phases=(ours.Phase(start=START, end=START + 9), ours.Phase(start=START + 9)),
        resume_at=START + 7,
        created_at=START - 1,
    )


def test_a_schedule_that_was_released_still_names_its_subscription():
    [seen] = read(Effect.SCHEDULE, schedule(status="released", released_subscription="sub_basic"))

    assert (seen.subscription, seen.resume_at) == ("sub_basic", None)


def test_a_checkout_session_is_read_whole():
    thing = {"id": "cs_1", "subscription": "sub_basic", "created": START, "metadata": {"a": "b"}}

    assert read(Effect.CHECKOUT, thing) == (
        ours.Checkout(id="cs_1", subscription="sub_basic", created_at=START, metadata={"a": "b"}),
    )


def test_a_discount_is_read_whole_and_its_coupon_with_it():
    terms = {"percent_off": 12.5, "duration": "repeating", "created": START - 3}
    terms |= {"applies_to": {"products": ["prod_A"]}}
    of = {"subscription": "sub_basic", "subscription_item": "si_1"}
    seen = read(
        Effect.DISCOUNT,
        discount(coupon=coupon("C", **terms), start=START - 2, end=START + 2, **of),
    )

    assert seen == (
        ours.Discount(
            id="di_1",
            coupon="C",
            subscription="sub_basic",
            item="si_1",
            start=START - 2,
            end=START + 2,
        ),
        ours.Coupon(
            id="C",
            duration="repeating",
            percent_off="12.5",
            products=("prod_A",),
            is_whole=True,
            created_at=START - 3,
        ),
    )


def test_a_discount_that_shows_nothing_of_where_it_comes_from_has_no_coupon():
    assert read(Effect.DISCOUNT, discount()) == (ours.Discount(id="di_1"),)


@pytest.mark.parametrize(
    ("of", "id_"),
    [
        ({}, f"{ANA}/TEN/0"),
        ({"subscription": "sub_basic"}, "sub_basic/TEN/0"),
        ({"subscription": "sub_basic", "subscription_item": "si_1"}, "si_1/TEN/0"),
    ],
)
def test_a_discount_without_an_id_goes_by_its_coupon_under_whose_it_is(of, id_):
    seen, _ = read(Effect.DISCOUNT, discount(None, coupon=TEN, **of))

    assert seen.id == id_


def test_a_customers_discount_without_an_id_is_named_by_the_customer_as_it_is_kept():
    seen, kept, _ = read(Effect.CUSTOMER, customer(discount=discount(None, coupon=TEN)))

    assert seen.discount == kept.id == f"{ANA}/TEN/0"


def test_a_fetched_coupon_is_read_whole():
    terms = {"amount_off": 500, "currency": "USD", "created": START}
    options = {"currency_options": {"EUR": {"amount_off": 450}, "usd": {"amount_off": 500}}}

    assert read_terms(coupon("C", **terms, **options)) == ours.Coupon(
        id="C",
        duration="forever",
        amount_off=500,
        currency="usd",
        amounts_off={"eur": 450, "usd": 500},
        is_whole=True,
        created_at=START,
    )


def test_a_coupon_that_was_not_asked_for_is_not_whole():
    _, seen = read(Effect.DISCOUNT, discount(coupon=TEN))

    assert not seen.is_whole


def test_a_fetched_price_is_read_whole():
    tiers = [
        {"up_to": 5, "unit_amount": 700, "flat_amount": 30},
        {"up_to": None, "unit_amount_decimal": "6.5", "flat_amount_decimal": "0.25"},
    ]
    more = {"tiers": tiers, "tiers_mode": "volume", "nickname": "Pro", "created": START}
    options = {"EUR": {"unit_amount": 900, "tiers": tiers[:1]}}
    [first, _] = read_tiers = (
        ours.Tier(up_to=5, unit_amount="700", flat_amount="30"),
        ours.Tier(up_to=None, unit_amount="6.5", flat_amount="0.25"),
    )

    assert read_terms(price(None, currency_options=options, **more)) == ours.Price(
        id="price_1",
        nickname="Pro",
        tiers_mode="volume",
        tiers=read_tiers,
        options={"eur": ours.CurrencyOption(unit_amount="900", tiers=(first,))},
        created_at=START,
    )


def test_a_fetched_plan_is_a_price():
    tiers = [{"up_to": None, "unit_amount": 700}]
    more = {"tiers": tiers, "tiers_mode": "graduated", "nickname": "Old", "created": START}

    assert read_terms(plan(**more)) == ours.Price(
        id="plan_1",
        nickname="Old",
        tiers_mode="graduated",
        tiers=(ours.Tier(up_to=None, unit_amount="700"),),
        created_at=START,
    )


@pytest.mark.parametrize("kind", ["product", "promotion_code", None])
def test_nothing_is_read_of_other_terms(kind):
    assert read_terms({"id": "x_1", "object": kind}) is None
