"""Keys, faults and repeated requests, as Stripe's own client meets them."""

from __future__ import annotations

import base64

import aiohttp
import pytest
import stripe

from fake_stripe.fake import API_KEY
from fake_stripe.faults import Fault
from fake_stripe.world import World

RESTRICTED = "rk_test_onlyCustomers1234"


def of_key(url, key, **options):
    return stripe.StripeClient(key, base_addresses={"api": url}, **options)


def test_an_unknown_key_is_refused_and_shown_masked(url):
    with pytest.raises(stripe.AuthenticationError) as refused:
        of_key(url, "rk_test_nobodyKnowsThis9876").v1.customers.list()

    assert refused.value.http_status == 401
    assert "rk_test_***************9876" in str(refused.value)


def test_a_restricted_key_may_do_what_it_says_and_names_what_is_missing(fake, url):
    fake.add_key(RESTRICTED, "customer_read", "webhook_write")
    client = of_key(url, RESTRICTED)

    assert client.v1.customers.list().data
    assert client.v1.webhook_endpoints.list().data == []
    for ask, missing in (
        (client.v1.subscriptions.list, "rak_subscription_read"),
        (client.v1.prices.list, "rak_plan_read"),
        (client.v1.events.list, "rak_event_read"),
        (client.v1.accounts.retrieve_current, "rak_connected_account_read"),
    ):
        with pytest.raises(stripe.PermissionError, match=missing) as refused:
            ask()
        assert refused.value.http_status == 403


async def test_a_key_may_come_by_basic_and_a_request_without_one_is_refused(url):
    basic = base64.b64encode(f"{API_KEY}:".encode()).decode()
    async with aiohttp.ClientSession() as session:
        with_key = await session.get(
            f"{url}/v1/account", headers={"Authorization": f"Basic {basic}"}
        )
        without = await session.get(f"{url}/v1/account")
        body = await without.json()

    assert with_key.status == 200
    assert with_key.headers["Request-Id"].startswith("req_")
    assert without.status == 401
    assert body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("rate_limit", stripe.RateLimitError, 429),
        ("lock_timeout", stripe.RateLimitError, 429),
        ("error", stripe.APIError, 500),
        ("unavailable", stripe.APIError, 503),
        ("drop", stripe.APIConnectionError, None),
    ],
)
def test_a_planned_fault_meets_the_requests_that_it_is_for(fake, client, kind, error, status):
    fake.faults.planned.append(Fault(kind=kind, path="/v1/customers", after=1, times=2))

    client.v1.customers.list()
    client.v1.invoices.list()
    for _ in range(2):
        with pytest.raises(error) as failed:
            client.v1.customers.list()
        assert failed.value.http_status == status
        assert "Stripe-Should-Retry" not in (failed.value.headers or {})
    client.v1.customers.list()
    assert fake.requests["GET /v1/customers"] == 4


def test_stripes_client_does_not_repeat_a_429_of_itself_but_a_500(fake, url):
    client = of_key(url, API_KEY, max_network_retries=2)
    fake.faults.planned.append(Fault(kind="error", times=1))
    client.v1.customers.list()
    fake.faults.planned.append(Fault(kind="rate_limit", times=1))

    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.list()
    assert fake.requests["GET /v1/customers"] == 3


def test_more_requests_than_the_limit_are_refused(fake, client):
    fake.faults.rate_per_s = 3
    refused = 0
    for _ in range(12):
        try:
            client.v1.coupons.list()
        except stripe.RateLimitError:
            refused += 1

    assert refused


def test_a_customer_can_vanish_between_two_pages(fake, client):
    last = client.v1.customers.list({"limit": 5}).data[-1].id
    fake.faults.planned.append(Fault(kind="delete", id=last, path="/v1/customers", after=1))

    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        list(client.v1.customers.list({"limit": 5}).auto_paging_iter())


def test_the_clock_can_go_on_between_two_pages(fake, client):
    before = fake.world.now
    fake.faults.planned.append(Fault(kind="advance", seconds=86400, path="/v1/events", after=1))

    events = list(client.v1.events.list({"limit": 50}).auto_paging_iter())

    assert fake.world.now == before + 86400
    assert len({event.id for event in events}) == len(events)


def test_the_same_idempotency_key_gives_the_same_answer(client):
    asked = {"url": "https://example.com/hook", "enabled_events": ["*"]}
    options = {"idempotency_key": "once"}

    first = client.v1.webhook_endpoints.create(asked, options)
    again = client.v1.webhook_endpoints.create(asked, options)

    assert again.to_dict() == first.to_dict()
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.webhook_endpoints.list().data) == 1
    with pytest.raises(stripe.IdempotencyError):
        client.v1.webhook_endpoints.create(asked | {"description": "another"}, options)


def test_a_connected_account_has_a_world_of_its_own(fake, client):
    fake.connect("acct_1Other", World(seed=2, customers=30, day=100))
    own = client.v1.customers.list().data
    theirs = client.v1.customers.list({}, {"stripe_account": "acct_1Other"}).data

    assert {each.id for each in own}.isdisjoint(each.id for each in theirs)
    with pytest.raises(stripe.PermissionError) as refused:
        client.v1.customers.list({}, {"stripe_account": "acct_1Nobody"})
    assert refused.value.json_body["error"]["code"] == "account_invalid"


@pytest.mark.parametrize(
    ("version", "has", "has_not"),
    [
        ("2019-05-16", "current_period_end", "discounts"),
        ("2025-06-30.basil", "discounts", "billing_mode"),
        ("2025-11-17.clover", "billing_mode", "status_details"),
        ("2026-10-28.endive", "status_details", "current_period_end"),
    ],
)
def test_a_request_has_the_shapes_of_its_version(client, version, has, has_not):
    sub = client.v1.subscriptions.list({"limit": 1}, {"stripe_version": version}).data[0]

    assert has in sub
    assert has_not not in sub
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        client.v1.customers.list({}, {"stripe_version": "yesterday"})
