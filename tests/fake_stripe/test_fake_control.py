"""The knobs over HTTP, test clocks, and the fake in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import CLOCK, World
from simulation.objects import DAY_S

ROOT = Path(__file__).parents[2]


async def turn(fake_url, knob, **asked):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{fake_url}/_control/{knob}", json=asked) as answer,
    ):
        return answer.status, await answer.json()


async def test_time_goes_by_and_webhooks_are_sent_before_the_answer(fake, url):
    taken = []

    async def take(request):
        taken.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    async with TestServer(app) as server:
        _, endpoint = await turn(url, "endpoint", url=str(server.make_url("/hook")))
        await turn(url, "network", seed=2, repeats=1.0)
        before = fake.world.now
        status, state = await turn(url, "advance", days=2)
        await turn(url, "flush")

    assert status == 200
    assert state["now"] == before + 2 * DAY_S
    assert endpoint["secret"].startswith("whsec_")
    pending = {}
    for event in taken:
        pending.setdefault(event["id"], []).append(event["pending_webhooks"])
    assert pending
    assert {tuple(each) for each in pending.values()} == {(1, 0)}


async def test_faults_keys_and_deletions_come_over_http(fake, url, client):
    await turn(url, "fault", kind="error", path="/v1/customers")
    with pytest.raises(stripe.APIError):
        client.v1.customers.list()
    customer = client.v1.customers.list({"limit": 1}).data[0].id
    await turn(url, "delete", customer=customer)
    await turn(url, "key", secret="rk_test_few", permissions=["customer_read"])
    await turn(url, "set", rate_per_s=1000)
    _, state = await turn(url, "state")

    assert client.v1.customers.retrieve(customer).deleted
    assert state["requests"] == {"GET /v1/customers": 2}
    assert fake.faults.rate_per_s == 1000
    await turn(url, "forget")
    assert not fake.requests


async def test_a_knob_that_is_not_there_or_is_turned_too_far_is_refused(url):
    assert (await turn(url, "gravity"))[0] == 404
    assert (await turn(url, "fault", colour="red"))[0] == 400
    assert (await turn(url, "advance", days=10_000))[0] == 400


def test_customers_live_on_the_test_clock_that_the_api_advances():
    fake = FakeStripe(World(customers=40, days=300, day=100, test_clock=True))
    with serving(fake) as url:
        client = stripe.StripeClient(API_KEY, base_addresses={"api": url})
        clock = client.v1.test_helpers.test_clocks.retrieve(CLOCK)
        before = fake.world.now
        client.v1.test_helpers.test_clocks.advance(
            CLOCK, {"frozen_time": clock.frozen_time + 20 * DAY_S}
        )
        moved = client.v1.test_helpers.test_clocks.retrieve(CLOCK)
        subs = client.v1.subscriptions.list({"limit": 100}).data
        types = {event.type for event in client.v1.events.list({"limit": 100}).data}

    assert moved.frozen_time >= clock.frozen_time + 20 * DAY_S
    assert fake.world.now - before < DAY_S
    assert {sub.test_clock for sub in subs} == {CLOCK}
    assert "test_helpers.test_clock.ready" in types


def test_a_clock_without_customers_is_made_moved_and_deleted(client):
    clocks = client.v1.test_helpers.test_clocks
    made = clocks.create({"frozen_time": 1_800_000_000, "name": "mine"})
    clocks.advance(made.id, {"frozen_time": 1_800_100_000})

    assert clocks.retrieve(made.id).frozen_time == 1_800_100_000
    assert [each.id for each in clocks.list().data] == [made.id]
    with pytest.raises(stripe.InvalidRequestError):
        clocks.advance(made.id, {"frozen_time": 1_700_000_000})
    clocks.delete(made.id)
    assert clocks.list().data == []


def test_a_process_of_its_own_says_what_to_set():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.fake_stripe", "--port", str(port)]
    command += ["--customers", "30", "--months", "2", "--webhook", "http://127.0.0.1:9/hook"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        told = {}
        while "STRIPE_WEBHOOK_SECRET" not in told:
            name, _, value = process.stdout.readline().strip().partition("=")
            assert name
            told[name] = value
        client = stripe.StripeClient(
            told["STRIPE_API_KEY"],
            base_addresses={"api": told["STRIPE_API_BASE"]},
            max_network_retries=5,
        )
        customers = client.v1.customers.list().data
    finally:
        process.terminate()
        process.communicate(timeout=30)

    assert customers
    assert told["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
