from __future__ import annotations

import itertools

import pytest

from build import BASIC, START, event, fetched, item, subscription, updated
from scenario import given


def status_after(*events):
    found = {
        given(*some).row.facts.subscriptions[BASIC].now.status
        for some in itertools.permutations(events)
    }
    assert len(found) == 1, "the order of arrival decided"
    return found.pop()


def test_the_newest_second_wins():
    assert (
        status_after(
            updated(subscription(status="active"), at=START + 2),
            updated(subscription(status="past_due"), at=START + 1),
            updated(subscription(status="trialing"), at=START),
        )
        == "active"
    )


def test_within_a_second_created_is_never_last():
    assert (
        status_after(
            event("customer.subscription.created", subscription(status="incomplete"), id="evt_9"),
            updated(subscription(status="active"), id="evt_1"),
        )
        == "active"
    )


def test_within_a_second_old_values_tell_the_order():
    assert (
        status_after(
            updated(subscription(status="active"), was={"status": "incomplete"}, id="evt_3"),
            updated(subscription(status="past_due"), was={"status": "active"}, id="evt_2"),
            updated(subscription(status="unpaid"), was={"status": "past_due"}, id="evt_1"),
        )
        == "unpaid"
    )


def test_old_values_of_nested_lists_tell_the_order_too():
    one, two = [item(quantity=1)], [item(quantity=2)]
    was_one = {"items": {"data": one}}
    later = updated(subscription(items=two), was=was_one, id="evt_1")
    sooner = updated(subscription(items=one), was={"status": "trialing"}, id="evt_2")
    for some in ([later, sooner], [sooner, later]):
        assert given(*some).row.facts.subscriptions[BASIC].now.items[0].quantity == 2


@pytest.mark.parametrize("at", [START - 1, START, START + 1])
def test_what_is_terminal_stays(at):
    assert (
        status_after(
            event("customer.subscription.deleted", subscription(status="canceled"), at=START),
            updated(subscription(status="active"), at=at),
        )
        == "canceled"
    )


def test_without_any_sign_the_greater_id_wins_the_same_way_each_time():
    assert (
        status_after(
            updated(subscription(status="active"), id="evt_1"),
            updated(subscription(status="past_due"), id="evt_2"),
        )
        == "past_due"
    )


def test_of_one_event_in_two_shapes_the_newer_version_wins():
    old = updated(subscription(metadata={"shape": "old"}), id="evt_1", api_version="2020-08-27")
    new = updated(subscription(metadata={"shape": "new"}), id="evt_1")
    for some in ([old, new], [new, old]):
        assert given(*some).row.facts.subscriptions[BASIC].now.metadata == {"shape": "new"}


def test_a_past_that_cannot_be_read_does_not_hurt():
    odd = updated(subscription(), was={"items": {"data": [{"quantity": 1}]}})

    assert status_after(odd, updated(subscription(status="past_due"), at=START + 1)) == "past_due"


def test_an_added_key_of_metadata_tells_the_order_too():
    grown = subscription(status="past_due", metadata={"account_id": "acme"})
    was = {"status": "active", "metadata": {"account_id": None}}
    later = updated(grown, was=was, id="evt_a")
    sooner = updated(subscription(), was={"status": "incomplete"}, id="evt_b")

    assert status_after(sooner, later) == "past_due"


def test_created_is_never_last_even_where_old_values_run_in_a_circle():
    words = ["active", "past_due", "unpaid"]
    circle = [
        updated(subscription(status=now), was={"status": before}, id=f"evt_{now}")
        for before, now in zip(words, [*words[1:], words[0]], strict=True)
    ]
    first = event("customer.subscription.created", subscription(status="incomplete"), id="evt_z")

    assert status_after(*circle, first) == "unpaid"


@pytest.mark.parametrize(
    ("sooner", "later"),
    [
        ("trial_will_end", "updated"),
        ("pending_update_expired", "updated"),
        ("updated", "paused"),
        ("updated", "resumed"),
        ("trial_will_end", "resumed"),
    ],
)
def test_what_remains_tied_goes_by_the_type_of_the_event_before_its_id(sooner, later):
    kind = "customer.subscription"

    assert (
        status_after(
            event(f"{kind}.{sooner}", subscription(status="active"), id="evt_2"),
            event(f"{kind}.{later}", subscription(status="past_due"), id="evt_1"),
        )
        == "past_due"
    )


def test_a_fetched_object_shows_the_end_of_its_second():
    assert (
        status_after(
            event("customer.subscription.paused", subscription(status="active"), id="gone"),
            fetched(subscription(status="past_due")),
        )
        == "past_due"
    )


def test_a_deletion_is_the_last_of_its_second():
    gone = event("customer.subscription.deleted", subscription(canceled_at=START + 7), id="a")
    asked = fetched(subscription(status="canceled"))
    for some in ([gone, asked], [asked, gone]):
        assert given(*some).row.facts.subscriptions[BASIC].now.canceled_at == START + 7


def test_of_one_event_in_two_shapes_of_one_version_the_same_wins_each_time():
    assert (
        status_after(
            updated(subscription(status="active"), id="evt_1"),
            updated(subscription(status="past_due"), id="evt_1"),
        )
        == "past_due"
    )


def test_of_one_event_in_two_shapes_one_without_a_version_is_the_older():
    bare = updated(subscription(status="active"), id="evt_1", api_version=None)

    assert status_after(bare, updated(subscription(status="past_due"), id="evt_1")) == "past_due"
