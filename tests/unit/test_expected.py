"""What a renewal will come to: as Stripe said, or counted, or not known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from build import (
    BASIC,
    MONTH_S,
    START,
    coupon,
    customer,
    discount,
    event,
    fetched,
    item,
    price,
    subscription,
    upcoming,
    updated,
)
from facts import Item, Phase, Schedule, facts, sub, version
from projections.expected import expected_of
from projections.mrr import mrr_of
from scenario import given
from schemas.objects import Coupon, Discount, Price, Tier, Upcoming
from schemas.settings import BusinessSettings, Mrr

END = START + MONTH_S
RULES = BusinessSettings()
MONTHLY = Item(
    id="si_1",
    price="price_1",
    product="prod_A",
    currency="usd",
    unit_amount="1000",
    interval="month",
    current_period_end=END,
)
YEARLY = replace(MONTHLY, id="si_2", price="price_2", unit_amount="6000", interval="year")
LATER = replace(YEARLY, current_period_end=END + MONTH_S)


def expected(*items, date=END, **more):
    known = {
        name: more.pop(name) for name in ("discounts_known", "coupons", "prices") if name in more
    }
    schedules = more.pop("schedules", ())
    upcoming_ = more.pop("upcoming", None)
    now = sub(items=items, **more)
    of_it = facts(
        now,
        schedules=schedules,
        upcoming={now.id: upcoming_} if upcoming_ else {},
        discounts={each.id: (version(each),) for each in known.get("discounts_known", ())},
        coupons={each.id: (version(each),) for each in known.get("coupons", ())},
        prices={each.id: (version(each),) for each in known.get("prices", ())},
    )
    return expected_of(of_it, now, RULES, date)


def usd(amount):
    return {"usd": Fraction(amount)}


def seen(amount=777, *, at=START, period_end=END, **more):
    about = {"currency": "usd", "amount_due": amount, "period_end": period_end, **more}
    return (version(Upcoming(id=BASIC, **about), at),)


# As Stripe said


def test_what_stripe_said_of_that_invoice_counts():
    assert expected(MONTHLY, upcoming=seen(777)) == usd(777)


@pytest.mark.parametrize("amount", [0, -1])
def test_what_stripe_said_counts_though_it_is_nothing(amount):
    assert expected(MONTHLY, upcoming=seen(amount)) == usd(amount)


@pytest.mark.parametrize(
    ("end", "found"), [(END, {}), (None, {}), (END - 1, usd(777)), (END + 1, usd(777))]
)
def test_of_usage_stripe_said_what_it_had_counted_and_more_is_to_come(end, found):
    metered = replace(MONTHLY, id="si_2", usage_type="metered", current_period_end=end)

    assert expected(replace(MONTHLY, interval="year"), metered, upcoming=seen(777)) == found


@pytest.mark.parametrize(
    "about",
    [
        {"period_end": END - 1},
        {"period_end": END + 1},
        {"period_end": None},
        {"period_end": None, "next_attempt_at": END - 1},
        {"period_end": None, "next_attempt_at": END + 4 * 86_400},
        {"period_end": END - 1, "next_attempt_at": END + 3600},
        {"currency": None},
        {"amount_due": None},
    ],
)
def test_another_invoice_or_less_than_an_amount_says_nothing(about):
    assert expected(MONTHLY, upcoming=seen(**about)) == usd(1000)


@pytest.mark.parametrize("collected_at", [END, END + 3600, END + 4 * 86_400 - 1])
def test_without_a_period_it_is_of_the_date_after_which_it_is_collected(collected_at):
    told = seen(period_end=None, next_attempt_at=collected_at)

    assert expected(MONTHLY, upcoming=told) == usd(777)


@pytest.mark.parametrize(("at", "amount"), [(START - 1, 1000), (START, 777), (START + 1, 777)])
def test_it_counts_until_the_subscription_was_seen_again(at, amount):
    assert expected(MONTHLY, upcoming=seen(at=at)) == usd(amount)


@pytest.mark.parametrize(
    ("of", "at", "amount"),
    [
        ({"subscription": BASIC}, START + 5, 777),
        ({"subscription": BASIC}, START + 6, 900),
        ({}, START + 6, 900),
        ({"subscription": "sub_other"}, START + 6, 777),
    ],
)
def test_it_counts_until_a_discount_was_seen(of, at, amount):
    now = sub(items=(MONTHLY,))
    ten = Discount(id="di_1", coupon="C", **of)
    known = facts(
        now,
        upcoming={now.id: seen(at=START + 5)},
        discounts={"di_1": (version(ten, at),)},
        coupons={"C": (version(Coupon(id="C", duration="forever", percent_off="10")),)},
    )

    assert expected_of(known, now, RULES, END) == usd(amount)


# Counted


@pytest.mark.parametrize(
    ("items", "amount"),
    [
        ([MONTHLY], 1000),
        ([replace(MONTHLY, quantity=3)], 3000),
        ([replace(MONTHLY, interval_count=3)], 1000),
        ([replace(MONTHLY, interval="week")], 1000),
        ([replace(MONTHLY, interval="fortnight")], 1000),
        ([YEARLY], 6000),
        ([MONTHLY, YEARLY], 7000),
        ([MONTHLY, LATER], 1000),
        ([MONTHLY, replace(LATER, usage_type="metered")], 1000),
        ([MONTHLY, replace(YEARLY, interval=None)], 1000),
        ([replace(MONTHLY, unit_amount="0.5")], Fraction(1, 2)),
        ([replace(MONTHLY, unit_amount="0")], 0),
    ],
)
def test_items_that_renew_then_cost_a_period_of_their_own(items, amount):
    assert expected(*items) == usd(amount)


def test_tiers_cost_what_they_cost():
    tiers = (Tier(up_to=10, unit_amount="100"), Tier(up_to=None, unit_amount="50"))
    terms = Price(id="price_1", tiers_mode="graduated", tiers=tiers)
    tiered = replace(MONTHLY, billing_scheme="tiered", unit_amount=None, quantity=12)

    assert expected(tiered, prices=[terms]) == usd(1100)
    assert expected(tiered) == {}


def test_inclusive_tax_is_charged():
    assert expected(replace(MONTHLY, tax_included=("20",))) == usd(1000)
    assert expected(MONTHLY, tax_included=("20",)) == usd(1000)


def test_a_trial_is_charged_all_at_its_end():
    items = [replace(MONTHLY, current_period_end=None), replace(YEARLY, current_period_end=None)]

    assert expected(*items, status="trialing", trial_end=END) == usd(7000)


@pytest.mark.parametrize(
    ("other", "found"),
    [(MONTHLY, usd(2000)), (YEARLY, {}), (replace(MONTHLY, interval_count=2), {})],
)
def test_before_items_had_periods_they_renew_together_where_they_are_as_long(other, found):
    bare = replace(MONTHLY, current_period_end=None)
    other = replace(other, id="si_9", current_period_end=None)

    assert expected(bare, other, current_period_end=END) == found


@pytest.mark.parametrize("duration", ["forever", "repeating", "once"])
@pytest.mark.parametrize(
    ("end", "amount"), [(None, 900), (END + 1, 900), (END, 1000), (END - 1, 1000)]
)
def test_discounts_that_last_beyond_that_moment_count_whatever_mrr_does(duration, end, amount):
    ten = Discount(id="di_1", coupon="C", subscription=BASIC, end=end)
    terms = Coupon(id="C", duration=duration, percent_off="10")

    assert expected(MONTHLY, discounts=("di_1",), discounts_known=[ten], coupons=[terms]) == usd(
        amount
    )


def test_a_customers_discount_takes_the_place_of_one_that_ends_by_then():
    own = Discount(id="di_1", coupon="C", subscription=BASIC, end=END)
    theirs = Discount(id="di_2", coupon="D")
    terms = [
        Coupon(id="C", duration="repeating", percent_off="50"),
        Coupon(id="D", duration="forever", percent_off="10"),
    ]

    assert expected(
        MONTHLY, discounts=("di_1",), discounts_known=[own, theirs], coupons=terms
    ) == usd(900)


def test_an_amount_off_is_taken_once_from_the_whole_invoice():
    off = Discount(id="di_1", coupon="C", subscription=BASIC)
    terms = Coupon(id="C", duration="forever", amount_off=2500, currency="usd")

    assert expected(
        MONTHLY, YEARLY, discounts=("di_1",), discounts_known=[off], coupons=[terms]
    ) == usd(4500)


@pytest.mark.parametrize("behavior", ["void", "mark_uncollectible", "keep_as_draft"])
@pytest.mark.parametrize(("until", "amount"), [(None, 0), (END + 1, 0), (END, 777)])
def test_nothing_is_charged_while_collection_is_paused(behavior, until, amount):
    found = expected(
        MONTHLY, upcoming=seen(777), collection_pause=behavior, collection_resumes_at=until
    )

    assert found == usd(amount)


# Not known


@pytest.mark.parametrize(
    "more",
    [
        {"items": [replace(MONTHLY, usage_type="metered")]},
        {"items": [MONTHLY, replace(YEARLY, usage_type="metered")]},
        {"items": [replace(MONTHLY, unit_amount=None)]},
        {"items": [replace(MONTHLY, price=None)]},
        {"items": [replace(MONTHLY, currency=None)]},
        {"items": [replace(MONTHLY, currency="eur")]},
        {"items": []},
        {"items": [MONTHLY], "has_more_items": True},
        {"items": [MONTHLY], "discounts": ("di_nobody_showed",)},
        {"items": [MONTHLY], "date": END + 1},
        {"items": [MONTHLY], "status": "unpaid"},
        {"items": [MONTHLY], "status": "canceled"},
        {"items": [MONTHLY], "cancel_at_period_end": True},
        {"items": [MONTHLY], "cancel_at": END},
        {"items": [replace(MONTHLY, trial_end=END)]},
        {"items": [MONTHLY, replace(LATER, trial_end=START)]},
    ],
)
def test_what_is_not_known_is_never_nought(more):
    assert expected(*more.pop("items"), **more) == {}


@pytest.mark.parametrize(
    ("starts", "status", "found"),
    [
        (START, "active", usd(1000)),
        (START + 1, "active", {}),
        (END, "active", {}),
        (END, "released", usd(1000)),
        (END + 1, "active", usd(1000)),
    ],
)
def test_prices_of_a_phase_that_begins_by_then_are_not_known(starts, status, found):
    schedule = Schedule(id="sched_1", status=status, phases=(Phase(start=starts, end=END + 99),))

    assert expected(MONTHLY, schedule="sched_1", schedules=[schedule]) == found


@pytest.mark.parametrize(
    ("ends", "found"), [(START - 1, usd(1000)), (START, {}), (END, {}), (END + 1, usd(1000))]
)
def test_the_price_after_an_offer_of_an_item_is_not_known(ends, found):
    assert expected(MONTHLY, replace(LATER, trial_end=ends)) == found


# From the wire


def test_all_of_it_comes_from_what_stripe_sends():
    start = given(
        updated(customer()),
        updated(subscription(items=[item(price=price(4000))], discounts=["di_1"]), at=START + 1),
        event("customer.discount.created", discount(subscription=BASIC), at=START + 1),
    )
    pending = start.when(fetched(coupon("D"), "enrichment", at=START + 2)).row.facts
    shown = discount(subscription=BASIC, coupon=coupon(percent_off=25, duration="once"))
    counted = start.when(event("customer.discount.updated", shown, at=START + 3)).row.facts
    told = start.when(event("invoice.upcoming", upcoming(amount=3333), at=START + 4)).row.facts

    assert [
        expected_of(known, known.current[0], RULES, END) for known in (pending, counted, told)
    ] == [{}, usd(3000), usd(3333)]


@settings(deadline=None)
@for_all(
    listed=st.lists(
        st.tuples(
            st.decimals(0, 10_000, places=3).map(str),
            st.sampled_from([None, 0, 1, 7]),
            st.sampled_from([None, 3]),
        ),
        min_size=1,
        max_size=3,
    ),
    status=st.sampled_from(["active", "past_due"]),
    preset=st.sampled_from(["standard", "stripe", "net"]),
)
def test_without_discounts_a_monthly_renewal_comes_to_its_mrr(listed, status, preset):
    items = tuple(
        replace(MONTHLY, id=f"si_{n}", unit_amount=amount, quantity=quantity, divide_by=divide_by)
        for n, (amount, quantity, divide_by) in enumerate(listed)
    )
    now = sub(items=items, status=status)
    rules = BusinessSettings(mrr=Mrr(preset=preset))
    known = facts(now)

    assert expected_of(known, now, rules, END) == mrr_of(known, rules).by_subscription[BASIC]
