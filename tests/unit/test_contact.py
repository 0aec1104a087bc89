"""The table of outcomes in docs/contacts.md, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from build import ANA, BASIC, START, customer, event, item, price, record, subscription, updated
from scenario import Given, given
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.times import iso
from schemas.updates import ContactChanged, MrrChanged, StageChanged
from streams.pipeline import step

PLACES = ["customer", "subscription", "checkout_session"]


def rules(**contact: Any) -> BusinessSettings:
    return BusinessSettings.model_validate({"contact": contact})


def session(id_="cs_1", *, account=None, created=START):
    return event(
        "checkout.session.completed",
        {
            "id": id_,
            "object": "checkout.session",
            "customer": ANA,
            "subscription": BASIC,
            "metadata": {"account_id": account} if account else {},
            "created": created,
        },
        at=created,
    )


def linked(account, **more):
    return subscription(metadata={"account_id": account}, **more)


NAMELESS = customer(metadata={})


def under(start: Given, settings: BusinessSettings) -> Given:
    """The same customer after a change of settings."""
    return Given(SettingsInForce(version=2, content=settings), row=start.row, count=start.count)


def ids(seen):
    """Previous and present id of every change of contact that was told."""
    return [
        (it.previous and it.previous.id, it.contact and it.contact.id)
        for it in seen.told(ContactChanged)
    ]


def test_a_contact_known_before_anything_else_is_told_is_no_news():
    start = given()
    first = start.when(updated(customer()))
    second = start.when(updated(subscription(), at=START + 1))
    moved = customer(metadata={"account_id": "acme-43"})

    assert ids(first) == ids(second) == []
    assert second.told(StageChanged)[0].contact.id == "acme-42"
    assert ids(start.when(updated(moved, at=START + 2))) == [("acme-42", "acme-43")]


def test_while_there_is_none_nothing_is_told_and_the_row_says_why():
    start = given()
    before = start.when(updated(subscription()))
    after = start.when(updated(NAMELESS))

    assert ids(before) == ids(after) == []
    assert (before.state.contact_reason, after.state.contact_reason) == (
        "customer_not_seen",
        "no_metadata",
    )


@pytest.mark.parametrize(
    "late",
    [
        updated(customer(), at=START + 5),
        updated(linked("acme-42"), at=START + 5),
        session(account="acme-42", created=START + 5),
    ],
)
def test_a_late_link_by_any_place_tells_all_that_was_told_without_a_contact(late):
    start = given(updated(NAMELESS))
    earlier = start.when(updated(subscription()))
    [change] = start.when(late).told(ContactChanged)
    [stage], [mrr] = earlier.told(StageChanged), earlier.told(MrrChanged)

    assert stage.contact is None
    assert (change.previous, change.contact.id) == (None, "acme-42")
    assert (change.stage, change.mrr) == (stage.stage, mrr.after)
    assert change.committed_mrr == mrr.after
    assert (change.renewal.subscription, change.renewal.access_until) == (BASIC, None)


def test_it_tells_the_state_after_its_own_record():
    leaving = linked("acme-42", cancel_at=START + 9, cancel_at_period_end=True)
    seen = given(updated(subscription(status="trialing"))).when(updated(leaving, at=START + 5))
    [change] = seen.told(ContactChanged)

    assert change.index == 0
    assert change.stage == seen.told(StageChanged)[0].stage == "Customer"
    assert (change.mrr["usd"].amount_minor, change.committed_mrr["usd"].amount_minor) == (2000, 0)
    assert (change.renewal.renews_at, change.renewal.access_until) == (None, iso(START + 9))


def test_while_an_amount_is_missing_it_tells_what_was_told_last():
    tiered = price(None, billing_scheme="tiered")
    start = given(updated(subscription()))
    start.when(updated(subscription(items=[item(price=tiered)]), at=START + 1))
    seen = start.when(updated(customer(), at=START + 2))
    [change] = seen.told(ContactChanged)

    assert seen.state.pending[0].subscription == BASIC
    assert change.mrr == change.committed_mrr
    assert change.mrr["usd"].amount_minor == 2000


def test_a_key_that_is_renamed_in_the_settings_is_told_with_the_next_event():
    both = customer(metadata={"account_id": "acme-42", "crm": "C-7"})
    start = given(updated(both))
    seen = under(start, rules(match="metadata:crm")).when(updated(both, at=START + 5))

    assert ids(seen) == [("acme-42", "C-7")]


def test_an_id_that_moves_on_the_customer_is_told_with_what_it_was():
    moved = customer(metadata={"account_id": "acme-43"})
    seen = given(updated(customer())).when(updated(moved, at=START + 5))

    assert ids(seen) == [("acme-42", "acme-43")]


def test_an_id_that_is_removed_leaves_null_with_a_reason():
    seen = given(updated(customer())).when(updated(NAMELESS, at=START + 5))
    [change] = seen.told(ContactChanged)

    assert (change.previous.id, change.contact, change.contact_reason) == (
        "acme-42",
        None,
        "no_metadata",
    )


def test_one_id_on_two_customers_is_two_rows_that_both_have_it():
    bodies = [updated(customer("cus_1")), updated(customer("cus_2"))]
    settings = SettingsInForce(version=1)
    rows = [
        step(None, record(body, key=f"main/-/live/{body['data']['object']['id']}"), settings)
        for body in bodies
    ]

    assert [done.row.announced.contact.id for done in rows] == ["acme-42", "acme-42"]


def test_another_kind_and_the_wish_to_create_are_changes():
    start = given(updated(customer()))
    user = under(start, rules(kind="user")).when(updated(customer(), at=START + 1))
    create = under(start, rules(create_missing=True)).when(updated(customer(), at=START + 2))
    [first], [second] = user.told(ContactChanged), create.told(ContactChanged)

    assert (first.previous.kind, first.contact.kind, first.contact.id) == (
        "account",
        "user",
        "acme-42",
    )
    assert (second.previous.create, second.contact.create) == (False, True)


@pytest.mark.parametrize(
    ("look_in", "found"),
    [
        (PLACES, "of-customer"),
        (PLACES[1:], "of-subscription"),
        (PLACES[::-1], "of-checkout"),
        (["checkout_session"], "of-checkout"),
    ],
)
def test_the_first_place_that_has_the_id_decides(look_in, found):
    start = given(settings=rules(look_in=look_in))
    start.when(updated(customer(metadata={"account_id": "of-customer"})))
    start.when(updated(linked("of-subscription")))

    assert start.when(session(account="of-checkout")).state.contact.id == found


def test_of_several_subscriptions_and_sessions_the_newest_that_has_it_decides():
    start = given(settings=rules(look_in=["subscription"]))
    start.when(updated(linked("old", id_="sub_1")))
    start.when(updated(linked("new", id_="sub_2", created=START + 5)))
    seen = start.when(updated(subscription("sub_3", created=START + 9)))
    other = given(session("cs_2", account="new", created=START + 5), settings=rules())
    late = other.when(session("cs_1", account="old"))

    assert seen.state.contact.id == "new"
    assert late.state.contact.id == "new"


@pytest.mark.parametrize(
    ("match", "body", "found"),
    [
        ("customer_id", updated(subscription()), ANA),
        ("email", updated(customer()), "ana@example.com"),
        ("email", updated(customer(email=None)), "no_email"),
        ("email", updated(subscription()), "customer_not_seen"),
        ("metadata:crm", updated(customer()), "no_metadata"),
        ("metadata:account_id", updated(customer(metadata={"account_id": ""})), "no_metadata"),
        ("metadata:account_id", updated(subscription()), "customer_not_seen"),
    ],
)
def test_what_is_matched_and_why_there_is_none(match, body, found):
    state = given(settings=rules(match=match)).when(body).state

    assert found == (state.contact.id if state.contact else state.contact_reason)


def test_where_nobody_looks_at_the_customer_its_absence_is_no_reason():
    seen = given(settings=rules(look_in=["subscription"])).when(updated(subscription()))

    assert seen.state.contact_reason == "no_metadata"
