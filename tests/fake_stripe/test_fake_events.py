"""`GET /v1/events`: thirty days, newest first."""

from __future__ import annotations

import pytest
import stripe

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World
from simulation.objects import DAY_S

CHANGES = ["customer.subscription.created", "customer.subscription.updated"]


def listed(client, **asked):
    return list(client.v1.events.list({"limit": 100} | asked).auto_paging_iter())


def test_the_events_of_thirty_days_are_listed_newest_first(fake, client):
    events = listed(client)
    oldest = fake.world.now - 30 * DAY_S
    happened = [
        event for event in fake.world.view().events.newest_first() if event["created"] >= oldest
    ]

    assert [event.id for event in events] == [event["id"] for event in happened]
    assert client.v1.events.retrieve(events[-1].id).to_dict() == events[-1].to_dict()


def test_what_is_older_is_gone(fake, client):
    last = listed(client)[-1]
    fake.world.advance(DAY_S * 31)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.events.retrieve(last.id)
    assert refused.value.http_status == 404
    assert last.id not in [event.id for event in listed(client)]


def test_new_events_come_when_time_goes_by(fake, client):
    newest = listed(client)[0]
    fake.world.advance(3 * DAY_S)

    since = list(client.v1.events.list({"ending_before": newest.id}).auto_paging_iter())

    assert since
    assert min(event.created for event in since) >= newest.created
    assert since[0].id == listed(client)[len(since) - 1].id


def test_types_are_twenty_at_most_and_may_be_patterns(client):
    assert {event.type for event in listed(client, types=CHANGES)} == set(CHANGES)
    assert all(event.type.startswith("invoice.") for event in listed(client, type="invoice.*"))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        listed(client, types=[f"invoice.{number}" for number in range(21)])
    assert refused.value.param == "types"


def test_events_have_the_shapes_of_the_accounts_version_whatever_the_request_says():
    fake = FakeStripe(World(customers=40, day=100), api_version="2025-03-31.basil")
    with serving(fake) as url:
        client = stripe.StripeClient(API_KEY, base_addresses={"api": url})
        event = listed(client, type="customer.subscription.updated")[0]
        sub = client.v1.subscriptions.retrieve(event.data.object.id)

    assert event.api_version == "2025-03-31.basil"
    assert "billing_mode" not in event.data.object
    assert sub.billing_mode


def test_a_deleted_customers_subscriptions_end_before_it_is_gone(fake, client):
    sub = client.v1.subscriptions.list({"limit": 1}).data[0]

    client.v1.customers.delete(sub.customer)
    events = client.v1.events.list({"limit": 10}).data

    assert events[0].type == "customer.deleted"
    assert events[1].type == "customer.subscription.deleted"
    assert client.v1.subscriptions.retrieve(sub.id).status == "canceled"
    fake.world.advance(100 * DAY_S)
    later = {getattr(event.data.object, "customer", None) for event in listed(client)}
    assert sub.customer not in later
