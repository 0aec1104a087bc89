"""What becomes of an event: whose sighting of what, in which version, and what changed by it."""

from __future__ import annotations

import orjson
import pytest

from build import ANA, START, coupon, customer, discount, event, fetched, subscription, updated
from scenario import given
from schemas.rows import Version
from schemas.wire import events
from streams.fold.bounds import digest_of
from streams.fold.translate import translate, translate_fetched
from streams.pipeline import Outcome

TEN = coupon("TEN", percent_off=10)


def seen_in(body):
    return translate(events.Event.model_validate(body), customer=ANA)


def seen_fetched(thing, **more):
    return translate_fetched(
        events.Fetched.model_validate(fetched(thing, **more)), customer=thing.get("customer", ANA)
    )


def about(version: Version):
    return (version.at, version.event_id, version.event_type, version.api_version)


def test_a_sighting_says_when_and_by_what_and_in_which_version():
    body = updated(customer(), id="evt_1", at=START + 1, api_version="2020-08-27")
    [version] = seen_in(body).versions

    assert about(version) == (START + 1, "evt_1", "customer.updated", "2020-08-27")


def test_a_fetched_sighting_says_so_and_its_version():
    [version] = seen_fetched(customer(), at=START + 1, api_version="2020-08-27").versions

    assert (version.at, *about(version)[2:]) == (START + 1, "fetched", "2020-08-27")


@pytest.mark.parametrize("body", [TEN, customer()])
def test_what_names_no_version_has_an_empty_one(body):
    [version] = seen_fetched(body, api_version=None).versions

    assert version.api_version == ""
    assert version.prior == {}


def test_what_changed_is_told_in_our_words_and_nothing_else():
    now = customer(name="Ana B", metadata={"kept": "1", "changed": "2", "added": "3"})
    was = {"name": "Ana", "metadata": {"changed": "0", "added": None, "gone": "4"}}
    [version] = seen_in(updated(now, was=was)).versions

    assert {name: orjson.loads(text) for name, text in version.prior.items()} == {
        "name": "Ana",
        "metadata": {"kept": "1", "changed": "0", "gone": "4"},
    }


def test_the_end_of_a_discount_without_an_id_is_all_that_changed_of_it():
    now = discount(None, coupon=TEN, end=START + 9)
    version, _ = seen_in(event("customer.discount.updated", now, was={"end": None})).versions

    assert version.prior == {"end": "null"}
    assert version.snapshot.id == f"{ANA}/TEN/0"


def test_only_the_object_of_the_event_changed_by_it_and_not_what_it_shows_beside():
    body = updated(customer(discount=discount(coupon=TEN)), was={"name": "Eva"})
    first, *others = seen_in(body).versions

    assert first.prior == {"name": '"Eva"'}
    assert [each.prior for each in others] == [{}, {}]


@pytest.mark.parametrize(("says", "is_deleted"), [(True, True), (False, False), (None, False)])
def test_a_fetched_object_may_say_that_it_was_deleted(says, is_deleted):
    gone = discount(coupon=TEN, deleted=says)
    version, _ = seen_fetched(gone).versions

    assert version.snapshot.is_deleted is is_deleted


def test_one_event_of_two_objects_is_no_duplicate():
    one, other = subscription("sub_1"), subscription("sub_2")
    start = given(updated(one, id="evt_1"))

    assert start.when(updated(other, id="evt_1")).outcome is Outcome.FOLDED
    assert start.when(updated(one, id="evt_1")).outcome is Outcome.DUPLICATE


def test_an_object_that_was_fetched_twice_in_a_second_is_no_duplicate_where_it_differs():
    seen = given(fetched(subscription())).when(fetched(subscription(status="past_due")))

    assert seen.outcome is Outcome.FOLDED
    assert len(seen.row.facts.subscriptions["sub_basic"].versions) == 2


def test_the_marks_that_rows_keep_of_what_they_have_seen_never_change():
    assert digest_of("sub_1") == "LwmM2iE_YL3x"
    assert seen_in(updated(customer(), id="evt_1")).duplicate_key == "006b49d2003q8ReR2mtCE"


def test_the_first_five_faults_of_an_object_are_named():
    wrong = subscription(created="x", currency=1, trial_end="x", cancel_at="x", canceled_at="x")
    seen = given().when(updated({**wrong, "ended_at": "x"}))

    assert str(seen.done.error) == (
        "created: int_type; currency: string_type; trial_end: int_type; cancel_at: int_type; "
        "canceled_at: int_type"
    )


def test_the_fault_of_an_object_of_another_customer_is_its_customer():
    seen = given().when(fetched(subscription(customer="cus_eva")))

    assert str(seen.done.error) == ("customer: the object belongs to another than the key says")


def folded(*bodies):
    row = given(*bodies).row
    assert row is not None
    return row.facts


def test_the_first_sight_of_a_customer_is_the_earliest_in_any_order():
    bodies = [updated(customer(), at=START + second) for second in (5, 3, 8)]

    assert [folded(*order).first_seen_at for order in (bodies, bodies[::-1])] == [START + 3] * 2
