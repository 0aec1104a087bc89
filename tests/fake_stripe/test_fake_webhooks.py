"""Webhook endpoints, and what is sent to them: signed, lost, repeated, late, tried again."""

from __future__ import annotations

from collections import Counter

import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.webhook_sender import RETRIES_S, Network
from fake_stripe.world import World

DAYS = 20


class Receiver:
    """Takes what is posted; says `status`."""

    def __init__(self):
        self.status = 200
        self.bodies = []
        self.signatures = []

    async def take(self, request):
        self.bodies.append(await request.read())
        self.signatures.append(request.headers["Stripe-Signature"])
        return web.Response(status=self.status)

    def events(self, secret):
        """Checks each signature on the way."""
        return [
            stripe.Webhook.construct_event(body, header, secret)
            for body, header in zip(self.bodies, self.signatures, strict=True)
        ]


@pytest.fixture
async def receiver():
    taking = Receiver()
    app = web.Application()
    app.router.add_post("/hook", taking.take)
    async with TestServer(app) as server:
        taking.url = str(server.make_url("/hook"))
        yield taking


def fake_with(receiver, network=None, **fields):
    fake = FakeStripe(World(customers=60, day=100), network=network)
    return fake, fake.account.endpoints.add(receiver.url, **fields)


def happened(fake, since):
    return [each["id"] for each in reversed(list(fake.world.view().events.newest_first()))][since:]


async def test_all_that_happens_is_sent_once_in_order_and_signed(receiver):
    fake, endpoint = fake_with(receiver)
    before = len(fake.world.view().event_ids)

    await fake.advance(days=DAYS)

    told = [event.id for event in receiver.events(endpoint.secrets[0])]
    assert told == happened(fake, before)
    assert not +fake.account.sender.pending


async def test_a_bad_network_loses_repeats_and_delays_the_same_events_each_time(receiver):
    network = Network(seed=3, loss=0.1, repeats=0.1, late=0.2, disorder=0.3)
    fake, endpoint = fake_with(receiver, network)
    before = len(fake.world.view().event_ids)
    await fake.advance(days=DAYS)
    await fake.send_due(all_of_it=True)
    told = [event.id for event in receiver.events(endpoint.secrets[0])]
    all_of_them, counts = happened(fake, before), Counter(told)

    assert len(all_of_them) - len(counts) == fake.account.sender.counts["lost"] > 0
    assert max(counts.values()) == 2
    assert list(counts) != [id for id in all_of_them if id in counts]

    receiver.bodies.clear()
    receiver.signatures.clear()
    again, endpoint = fake_with(receiver, network)
    await again.advance(days=DAYS)
    await again.send_due(all_of_it=True)
    assert [event.id for event in receiver.events(endpoint.secrets[0])] == told


async def test_what_is_late_waits_for_the_clock(receiver):
    fake, _ = fake_with(receiver, Network(late=1.0))
    before = len(fake.world.view().event_ids)

    await fake.advance(days=2)
    soon = len(receiver.bodies)
    await fake.advance(days=4)

    assert soon < len(receiver.bodies)
    assert soon < len(happened(fake, before))


async def test_an_endpoint_that_fails_is_tried_again_and_at_last_given_up(receiver):
    fake, endpoint = fake_with(receiver)
    receiver.status = 500
    await fake.advance(days=1)
    first = len(receiver.bodies)
    undelivered = len(+fake.account.sender.pending)
    await fake.send_due(all_of_it=True)

    assert first == undelivered > 0
    assert len(receiver.bodies) == first * (1 + len(RETRIES_S))
    assert len(receiver.events(endpoint.secrets[0])) == len(receiver.bodies)


async def test_a_later_try_delivers_and_lists_say_what_was_not(receiver):
    fake, _ = fake_with(receiver)
    receiver.status = 302
    await fake.advance(days=1)
    with serving(fake) as url:
        client = stripe.StripeClient(API_KEY, base_addresses={"api": url})
        missed = client.v1.events.list({"delivery_success": False, "limit": 100}).data
        assert {event.id for event in missed} == set(+fake.account.sender.pending)
        assert {event.pending_webhooks for event in missed} == {1}

    receiver.status = 204
    await fake.advance(days=3)
    assert not +fake.account.sender.pending


async def test_two_secrets_sign_while_they_are_rolled(receiver):
    fake, endpoint = fake_with(receiver)
    old = endpoint.secrets[0]
    new = fake.account.endpoints.roll(endpoint.id, keep_old=True)
    await fake.advance(days=3)

    assert [each.id for each in receiver.events(old)] == [each.id for each in receiver.events(new)]
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.events("whsec_another")


async def test_an_endpoint_gets_the_types_and_the_shapes_that_it_asked_for(receiver):
    types = ["customer.subscription.updated", "customer.subscription.created"]
    fake, endpoint = fake_with(receiver, enabled_events=types, api_version="2025-03-31.basil")
    await fake.advance(days=DAYS)
    told = receiver.events(endpoint.secrets[0])

    assert {event.type for event in told} == set(types)
    assert {event.api_version for event in told} == {"2025-03-31.basil"}
    assert not any("billing_mode" in event.data.object for event in told)


async def test_events_of_a_connected_account_go_to_endpoints_for_those(receiver):
    fake, _ = fake_with(receiver, connect=True)
    fake.connect("acct_1Other", World(seed=2, customers=60, day=100))
    await fake.advance(days=3)
    told = receiver.events(next(iter(fake.account.endpoints.all.values())).secrets[0])

    assert told
    assert {event.account for event in told} == {"acct_1Other"}


async def test_an_endpoint_is_made_over_the_api_and_its_secret_told_once(fake, client, receiver):
    asked = {
        "url": receiver.url,
        "enabled_events": ["customer.deleted"],
        "api_version": "2026-09-30.endive",
    }
    made = client.v1.webhook_endpoints.create(asked)
    shown = client.v1.webhook_endpoints.retrieve(made.id)
    await fake.advance(days=60)

    assert made.secret.startswith("whsec_")
    assert "secret" not in shown
    assert {event.type for event in receiver.events(made.secret)} <= {"customer.deleted"}
    changed = client.v1.webhook_endpoints.update(
        made.id, {"enabled_events": ["*"], "disabled": True}
    )
    assert changed.status == "disabled"
    client.v1.webhook_endpoints.delete(made.id)
    assert client.v1.webhook_endpoints.list().data == []


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"enabled_events": ["customer.teleported"]}, "enabled_events[0]"),
        ({"api_version": "yesterday"}, "api_version"),
        ({"url": "ftp://example.com"}, "url"),
    ],
)
def test_an_endpoint_that_stripe_would_not_take_is_refused(client, change, param):
    asked = {"url": "https://example.com/hook", "enabled_events": ["*"]}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.create(asked | change)

    assert refused.value.param == param


def test_an_account_has_sixteen_endpoints_at_most(client):
    asked = {"url": "https://example.com/hook", "enabled_events": ["*"]}
    for _ in range(16):
        client.v1.webhook_endpoints.create(asked)

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.create(asked)
