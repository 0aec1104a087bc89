"""Payment methods and old cards: until when they are good, which is the default, which are gone."""

from __future__ import annotations

import itertools

import pytest

from build import ANA, BASIC, START, customer, event, fetched, payment_method, subscription, updated
from scenario import given
from schemas.codec import canonical
from schemas.objects import PaymentMethod
from streams.fold import bounds
from streams.pipeline import Outcome


def moved(what, thing, was=None, **more):
    return event(f"payment_method.{what}", thing, was=was, **more)


def detached(id_="pm_1", **more):
    return moved("detached", payment_method(id_, customer=None), {"customer": ANA}, **more)


def kept(*bodies):
    row = given(*bodies).row
    assert row is not None
    return {id_: sightings[-1].snapshot for id_, sightings in row.facts.payment_methods.items()}


@pytest.mark.parametrize("what", ["attached", "updated", "automatically_updated"])
def test_a_card_is_kept_with_the_month_until_which_it_is_good(what):
    seen = kept(moved(what, payment_method("pm_1", 4, 2030)))

    assert seen == {"pm_1": PaymentMethod(id="pm_1", exp_month=4, exp_year=2030, created_at=START)}


def test_nothing_personal_of_it_is_kept():
    row = given(moved("attached", payment_method(billing_details={"name": "Ana"}))).row

    assert not {b"4242", b"visa", b"Ana"} & set(canonical(row).replace(b'"', b",").split(b","))


@pytest.mark.parametrize(
    "card", [None, {}, {"exp_month": 13, "exp_year": 10_000}, {"exp_month": "4", "exp_year": True}]
)
def test_what_has_no_month_that_makes_sense_is_good_without_an_end(card):
    seen = kept(moved("attached", payment_method() | {"card": card}))

    assert (seen["pm_1"].exp_month, seen["pm_1"].exp_year) == (None, None)


def test_a_newer_card_replaces_the_older_in_any_order():
    bodies = [
        moved("attached", payment_method("pm_1", 4, 2030), id="evt_1"),
        moved("updated", payment_method("pm_1", 9, 2033), at=START + 5, id="evt_2"),
        moved("automatically_updated", payment_method("pm_1", 7, 2031), at=START + 1, id="evt_3"),
    ]
    rows = [given(*order).row for order in itertools.permutations(bodies)]

    assert len({canonical(row.facts) for row in rows}) == 1
    assert kept(*bodies)["pm_1"].exp_year == 2033


def test_attached_is_not_the_last_of_its_second():
    bodies = [
        moved("updated", payment_method("pm_1", 9), id="evt_1"),
        moved("attached", payment_method("pm_1", 4), id="evt_2"),
    ]

    assert [kept(*order)["pm_1"].exp_month for order in (bodies, bodies[::-1])] == [9, 9]


def test_what_was_taken_away_stays_away():
    late = moved("updated", payment_method(), at=START + 99)

    assert kept(moved("attached", payment_method()), detached(at=START + 1), late)[
        "pm_1"
    ].is_detached


@pytest.mark.parametrize(
    ("thing", "was"),
    [
        (payment_method(customer="cus_other"), {"customer": ANA}),
        (payment_method(customer=None), {"customer": "cus_other"}),
        (payment_method(customer=None), None),
    ],
)
def test_one_that_was_anothers_is_refused(thing, was):
    assert given().when(moved("detached", thing, was)).outcome is Outcome.DEAD_LETTERED


def test_one_that_was_filed_under_nobody_is_ignored():
    body = moved("detached", payment_method(customer=None))

    assert given().when(body, key="main/-/live/-/pm_1").outcome is Outcome.IGNORED


@pytest.mark.parametrize(
    ("fields", "default"),
    [
        ({}, (None, None)),
        ({"invoice_settings": None, "default_source": ""}, (None, None)),
        ({"invoice_settings": {"default_payment_method": None}}, (None, None)),
        ({"invoice_settings": {"default_payment_method": "pm_1"}}, ("pm_1", None)),
        ({"invoice_settings": {"default_payment_method": payment_method()}}, ("pm_1", None)),
        ({"default_source": "card_1"}, (None, "card_1")),
        ({"default_source": {"id": "card_1", "exp_month": 4}}, (None, "card_1")),
    ],
)
def test_a_customer_names_its_default(fields, default):
    profile = given(updated(customer(**fields))).row.facts.profile

    assert (profile.default_payment_method, profile.default_source) == default


@pytest.mark.parametrize("name", ["default_payment_method", "default_source"])
@pytest.mark.parametrize("shown", [None, "pm_1", {"id": "pm_1"}, payment_method("pm_1")])
def test_a_subscription_names_its_own(name, shown):
    now = given(updated(subscription(**{name: shown}))).row.facts.subscriptions[BASIC].now

    assert getattr(now, name) == (shown and "pm_1")


@pytest.mark.parametrize(
    ("shown", "month"),
    [
        (payment_method("pm_1", 4), 4),
        ({"id": "pm_1", "object": "card", "exp_month": 5, "exp_year": 2030}, 5),
    ],
)
def test_a_default_that_is_shown_whole_is_kept_as_its_own_event_would(shown, month):
    of_subscription = updated(subscription(default_payment_method=shown))
    of_customer = updated(customer(invoice_settings={"default_payment_method": shown}))
    expanded = updated(subscription(customer=customer(default_source=shown)))

    for body in (of_subscription, of_customer, expanded):
        assert kept(body)["pm_1"].exp_month == month


def test_a_default_that_is_only_named_says_nothing_of_it():
    assert kept(updated(subscription(default_payment_method={"id": "pm_1"}))) == {}


def test_one_that_was_fetched_is_kept():
    assert kept(fetched(payment_method("pm_1", 4)))["pm_1"].exp_month == 4


@pytest.mark.parametrize(
    ("thing", "month"),
    [
        ({"id": "card_1", "object": "card", "exp_month": 8, "exp_year": 2019}, 8),
        ({"id": "card_1", "object": "source", "card": {"exp_month": 8, "exp_year": 2019}}, 8),
        ({"id": "card_1", "object": "bank_account", "last4": "6789"}, None),
    ],
)
def test_cards_and_sources_of_old_are_kept_and_taken_away_alike(thing, month):
    created = event("customer.source.created", thing | {"customer": ANA})
    gone = event("customer.source.deleted", thing | {"customer": ANA}, at=START + 1)

    assert kept(created)["card_1"].exp_month == month
    assert kept(created, gone)["card_1"].is_detached


def test_of_more_than_fit_the_newest_are_kept(monkeypatch):
    monkeypatch.setitem(bounds.KEPT_MAX, "payment_methods", 2)
    bodies = [
        moved("attached", payment_method(f"pm_{n}", created=START + n), id=f"evt_{n}")
        for n in range(4)
    ]
    rows = [given(*order).row for order in itertools.permutations(bodies)]

    assert len({canonical(row.facts) for row in rows}) == 1
    assert set(rows[0].facts.payment_methods) == {"pm_2", "pm_3"}
