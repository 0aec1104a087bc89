"""Which date, of which subscription: as a function of facts and `[business]`."""

from __future__ import annotations

from fractions import Fraction

import pytest

from build import BASIC, START
from facts import Customer, Invoice, Item, Phase, Schedule, facts, sub
from projections.renewals import read_time, renewal_of
from schemas.settings import BusinessSettings
from schemas.standing import MrrView

DAY = 86_400
END = START + 30 * DAY
MARKED = {"primary": "true"}


def monthly(id_=BASIC, status="active", *, end=END, trial_end=None, **more):
    item = Item(id="si_1", price="price_1", current_period_end=end, trial_end=trial_end)
    return sub(id_, status, items=(item,), **more)


def found(*subscriptions, mrr=None, business=None, **more):
    settings = BusinessSettings.model_validate({"business": business or {}})
    amounts = {id_: dict(each) for id_, each in (mrr or {}).items()}
    return renewal_of(facts(*subscriptions, **more), settings, MrrView(by_subscription=amounts))


def dates(view):
    return (view.renews_at, view.access_until)


@pytest.mark.parametrize(
    ("trial_end", "at", "renews_at"),
    [
        (END - 9, START, END - 9),
        (END + 9, START, END),
        (END - 9, END - 9, END - 9),
        (END - 9, END - 8, END),
    ],
)
def test_an_items_trial_offer_ends_in_a_charge_and_counts_while_it_lasts(trial_end, at, renews_at):
    assert dates(found(monthly(trial_end=trial_end), at=at)) == (renews_at, None)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (None, END)),
        ({"end": END + 1}, (END, None)),
        ({"end": END - 1}, (None, END - 1)),
        ({"status": "canceled"}, (END, None)),
        ({"status": "not_started"}, (None, END)),
        ({"end_behavior": "release"}, (END, None)),
        ({"end": None}, (END, None)),
        ({"id": "sub_sched_other"}, (END, None)),
    ],
)
def test_a_live_schedule_that_cancels_at_its_end_is_a_scheduled_end(more, expected):
    words = {"id": "sub_sched_1", "status": "active", "end_behavior": "cancel", **more}
    last = Phase(start=START, end=words.pop("end", END))
    phases = (Phase(start=START, end=END - 9 * DAY), last)
    one = monthly(schedule="sub_sched_1")

    assert dates(found(one, schedules=[Schedule(phases=phases, **words)])) == expected


@pytest.mark.parametrize("status", ["unpaid", "paused"])
def test_what_is_live_but_does_not_renew_tells_its_end_if_it_has_one(status):
    assert dates(found(monthly(status=status))) == (None, None)
    assert dates(found(monthly(status=status, cancel_at=END))) == (None, END)


def test_while_nothing_is_known_of_the_period_there_is_no_date():
    unknown = monthly(end=None)
    ends = monthly(end=None, cancel_at=END)

    assert dates(found(unknown)) == (None, None)
    assert dates(found(ends)) == (None, END)


def test_of_subscriptions_that_will_not_renew_the_last_end_is_told():
    view = found(monthly("sub_1", cancel_at=END), monthly("sub_2", cancel_at=END - DAY))

    assert (view.subscription, view.access_until) == ("sub_1", END)


@pytest.mark.parametrize(
    ("invoices", "retry_at"),
    [
        ([], None),
        ([{"next_attempt_at": 5}], 5),
        ([{"next_attempt_at": 5, "status": "paid"}], None),
        ([{"next_attempt_at": 5, "status": "draft"}], None),
        ([{"next_attempt_at": 5, "status": "uncollectible"}], None),
        ([{"next_attempt_at": 5, "subscription": "sub_other"}], None),
        ([{"next_attempt_at": 5, "subscription": None}], None),
        ([{"next_attempt_at": 5, "created_at": 9}, {"next_attempt_at": 7, "created_at": 8}], 5),
        ([{"next_attempt_at": 5}, {"next_attempt_at": 7}], 7),
        ([{"next_attempt_at": 5}, {"next_attempt_at": None}], None),
        ([{"next_attempt_at": 5}, {"next_attempt_at": 7, "status": "paid"}], 5),
    ],
)
def test_the_next_try_is_what_the_newest_open_invoice_says(invoices, retry_at):
    told = [
        Invoice(id=f"in_{number}", **{"status": "open", "subscription": BASIC, **each})
        for number, each in enumerate(invoices)
    ]

    assert found(monthly(status="past_due"), invoices=told).retry_at == retry_at


def test_nothing_is_tried_again_for_what_no_longer_renews():
    told = [Invoice(id="in_1", status="open", subscription=BASIC, next_attempt_at=5)]

    assert found(monthly(status="unpaid"), invoices=told).retry_at is None


LATER = {"sub_1": END + 5, "sub_2": END + 3, "sub_3": END + 9}


def largest(mrr, **more):
    amounts = {
        id_: {money: Fraction(it) for money, it in each.items()} for id_, each in mrr.items()
    }
    each = [monthly(id_, end=end) for id_, end in LATER.items()]
    return found(*each, mrr=amounts, business={"renewal_of": "largest"}, **more).subscription


@pytest.mark.parametrize(
    ("mrr", "currency", "whose"),
    [
        ({"sub_1": {"usd": 5}, "sub_2": {"usd": 4}, "sub_3": {"usd": 9}}, None, "sub_3"),
        ({"sub_1": {"usd": 5}, "sub_2": {"usd": 5}, "sub_3": {"usd": 5}}, None, "sub_2"),
        ({}, None, "sub_2"),
        ({"sub_1": {"usd": 0}, "sub_3": {"usd": 0}}, None, "sub_2"),
        #  one currency decides: the customer's own if anything is in it, else the first by alphabet
        ({"sub_1": {"usd": 5}, "sub_3": {"eur": 1}}, None, "sub_3"),
        ({"sub_1": {"usd": 5}, "sub_3": {"eur": 1}}, "usd", "sub_1"),
        ({"sub_1": {"usd": 5}, "sub_3": {"eur": 1}}, "gbp", "sub_3"),
        ({"sub_1": {"usd": 0}, "sub_3": {"eur": 1}}, "usd", "sub_3"),
    ],
)
def test_the_largest_is_by_mrr_within_one_currency(mrr, currency, whose):
    profile = Customer(id="cus_ana", currency=currency)

    assert largest(mrr, profile=profile) == whose


def test_of_equal_dates_and_amounts_the_id_decides():
    twins = [monthly("sub_b"), monthly("sub_a")]

    assert found(*twins).subscription == "sub_a"
    assert found(*twins, business={"renewal_of": "largest"}).subscription == "sub_a"


PRIMARY = {"renewal_of": "primary"}


@pytest.mark.parametrize(
    ("subscriptions", "whose", "renews_at"),
    [
        ([monthly("sub_1"), monthly("sub_2", end=END + 5, metadata=MARKED)], "sub_2", END + 5),
        ([monthly("sub_1", end=END + 5), monthly("sub_2")], "sub_2", END),
        (
            [
                monthly("sub_1"),
                monthly("sub_2", end=END + 9, metadata=MARKED),
                monthly("sub_3", end=END + 5, metadata=MARKED),
            ],
            "sub_3",
            END + 5,
        ),
        ([monthly("sub_1"), monthly("sub_2", "canceled", metadata=MARKED)], "sub_1", END),
        ([monthly("sub_1"), monthly("sub_2", cancel_at=END, metadata=MARKED)], "sub_2", None),
    ],
)
def test_the_primary_decides_while_it_lives_and_else_the_earliest(subscriptions, whose, renews_at):
    view = found(*subscriptions, business=PRIMARY)

    assert (view.subscription, view.renews_at) == (whose, renews_at)


def test_the_other_dates_are_listed_in_order_whoever_decides():
    each = [monthly(id_, end=end) for id_, end in LATER.items()]
    main = monthly("sub_0", end=END + 99, metadata=MARKED)

    assert found(*each, main, business=PRIMARY).others == (
        ("sub_2", END + 3),
        ("sub_1", END + 5),
        ("sub_3", END + 9),
    )


def test_with_trial_end_only_trials_have_a_date():
    business = {"renewal_date": "trial_end"}
    trial = sub("sub_2", "trialing", trial_end=END - 9)
    leaving = sub("sub_2", "trialing", trial_end=END - 9, cancel_at=END - 9)

    assert found(monthly(), business=business).renews_at is None
    assert found(monthly(), trial, business=business).renews_at == END - 9
    assert dates(found(leaving, business=business)) == (None, END - 9)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2027-03-01", 1803859200),
        ("20270301", 1803859200),
        ("2027-03-01T10:00:00Z", 1803895200),
        ("2027-03-01T10:00:00+02:00", 1803888000),
        ("2027-03-01T10:00:00", 1803895200),
        (" 1803895200 ", 1803895200),
        ("soon", None),
        ("", None),
        ("12", None),
        ("2027-13-01", None),
        ("1803895200000", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1969-12-31", None),
    ],
)
def test_a_date_in_metadata_is_iso_or_unix_seconds_or_none(text, read):
    business = {"renewal_date": "metadata:renews"}
    one = monthly(metadata={"renews": text})

    assert read_time(text) == read
    assert found(one, business=business).renews_at == read
    assert found(monthly(), business=business).renews_at is None


def test_a_date_in_metadata_is_none_when_nothing_will_renew():
    business = {"renewal_date": "metadata:renews"}
    data = {"renews": "2027-03-01"}
    ends = monthly(metadata=data, cancel_at_period_end=True)

    assert dates(found(ends, business=business)) == (None, END)
    assert dates(found(monthly(status="paused", metadata=data), business=business)) == (None, None)
