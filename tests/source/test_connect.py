"""Given a Stripe and a door: what `subfold connect` makes there, adopts, replaces, takes away."""

from __future__ import annotations

import stat
from contextlib import asynccontextmanager

import orjson
import pytest

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World
from ingest_process import running
from schemas.wire.events import API_VERSION
from source_stage import Edge
from streams.fold.event_types import EVENT_TYPES
from streams.log.embedded.node import free_port
from streams.log.topics import LOG
from worker_stage import stage

OLD_VERSION = "2025-03-31.basil"
READING = (
    "charge_read",
    "coupon_read",
    "customer_read",
    "dispute_read",
    "event_read",
    "invoice_read",
    "payment_method_read",
    "plan_read",
    "product_read",
    "subscription_read",
)


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def url(port):
    return f"http://127.0.0.1:{port}/webhooks/stripe/main"


def endpoints(edge):
    return list(edge.fake.account.endpoints.all.values())


@asynccontextmanager
async def door(edge, port, secret):
    kafka = edge.here.kafka
    async with running(
        edge.here.folder,
        str(kafka.bootstrap_servers),
        kafka.prefix,
        SUBFOLD_INGEST__PORT=str(port),
        STRIPE_WEBHOOK_SECRET=secret,
        SUBFOLD_SOURCES__MAIN__API_KEY=API_KEY,
    ) as ingest:
        await ingest.until("/readyz", 200)
        yield ingest


async def test_an_endpoint_is_made_with_our_version_and_types_and_its_secret_is_for_its_owner(
    edge, url
):
    done = await edge.run("connect", "--url", url, "--secret-file", "secret", "--json")

    assert done.returncode == 0, done.stderr
    [endpoint] = endpoints(edge)
    assert (endpoint.url, endpoint.api_version) == (url, API_VERSION)
    assert set(endpoint.enabled_events) == set(EVENT_TYPES)
    kept = edge.here.folder / "secret"
    assert kept.read_text() == endpoint.secrets[0]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert endpoint.secrets[0] not in done.stdout + done.stderr
    line = orjson.loads(done.stdout)
    assert (line["endpoints"][0]["is_new"], line["verified"]) == (True, False)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "--secret-file"),
        (("--secret-file", "old"), "is there already"),
        (("--secret-file", "no/where"), "cannot be written"),
    ],
)
async def test_without_a_place_for_the_secret_nothing_is_made(edge, url, words, complaint):
    (edge.here.folder / "old").write_text("mine")

    done = await edge.run("connect", "--url", url, *words)

    assert done.returncode == 2
    assert complaint in done.stderr
    assert endpoints(edge) == []
    assert (edge.here.folder / "old").read_text() == "mine"


async def test_an_address_that_stripe_refuses_leaves_no_file(edge):
    done = await edge.run("connect", "--url", "ftp://x/webhooks/stripe/main", "--secret-file", "s")

    assert done.returncode == 1
    assert "Invalid URL" in done.stderr
    assert not (edge.here.folder / "s").exists()


async def test_once_the_door_has_the_secret_an_event_comes_back_and_the_account_is_as_before(
    edge, port, url
):
    await edge.run("connect", "--url", url, "--secret-file", "secret")
    before = {kind: len(edge.things(kind)) for kind in ("customer", "test_helpers.test_clock")}

    async with door(edge, port, (edge.here.folder / "secret").read_text()):
        done = await edge.run("connect", "--url", url)

    assert done.returncode == 0, done.stderr
    assert "connected: Fake Company (acct_1FakeStripe), test mode" in done.stdout
    assert len(endpoints(edge)) == 1
    assert {kind: len(edge.things(kind)) for kind in before} == before


async def test_a_door_with_another_secret_is_no_connection_and_it_says_where_to_look(
    edge, port, url
):
    await edge.run("connect", "--url", url, "--secret-file", "secret")

    async with door(edge, port, "whsec_of_another"):
        done = await edge.run("connect", "--url", url, "--wait", "3")

    assert done.returncode == 1
    assert "not connected" in done.stderr
    assert "SUBFOLD_SOURCES__MAIN__WEBHOOK_SECRETS" in done.stderr
    assert "connected:" not in done.stdout


async def test_an_endpoint_that_is_there_is_adopted_and_gets_exactly_our_types(edge, url):
    edge.fake.account.endpoints.add(
        url, api_version=API_VERSION, enabled_events=["payout.paid"], status="disabled"
    )

    await edge.run("connect", "--url", url, "--wait", "1")

    [endpoint] = endpoints(edge)
    assert set(endpoint.enabled_events) == set(EVENT_TYPES)
    assert endpoint.status == "enabled"


async def test_one_of_another_version_works_with_a_warning_and_is_replaced_only_once_another_does(
    edge, port, url
):
    old = edge.fake.account.endpoints.add(url, api_version=OLD_VERSION)
    async with door(edge, port, old.secrets[0]):
        done = await edge.run("connect", "--url", url)
    assert done.returncode == 0, done.stderr
    assert "--replace" in done.stderr
    assert "connected: " in done.stdout

    done = await edge.run("connect", "--url", url, "--replace", "--secret-file", "secret")
    assert done.returncode == 0, done.stderr
    assert [each.api_version for each in endpoints(edge)] == [OLD_VERSION, API_VERSION]

    async with door(edge, port, old.secrets[0]):
        done = await edge.run("connect", "--url", url, "--replace", "--wait", "3")
    assert done.returncode == 1
    assert f"an event came in API version {OLD_VERSION}" in done.stderr
    assert len(endpoints(edge)) == 2

    both = f"{old.secrets[0]},{(edge.here.folder / 'secret').read_text()}"
    async with door(edge, port, both):
        done = await edge.run("connect", "--url", url, "--replace")
    assert done.returncode == 0, done.stderr
    assert [each.api_version for each in endpoints(edge)] == [API_VERSION]


async def test_all_that_a_key_lacks_is_named_at_once_and_nothing_is_made(edge, url):
    edge.fake.add_key("rk_test_little", *READING[2:])

    done = await edge.run(
        "connect",
        *("--url", url, "--secret-file", "secret"),
        SUBFOLD_SOURCES__MAIN__API_KEY="rk_test_little",
    )

    assert done.returncode == 2
    assert "Charges and Refunds: Read, Coupons: Read, Webhook Endpoints: Write" in done.stderr
    assert "https://dashboard.stripe.com/test/apikeys/create?" in done.stderr
    assert "rak_charge_read" in done.stderr
    assert "rk_test_little" not in done.stderr
    assert endpoints(edge) == []


async def test_a_key_that_may_read_what_we_read_is_good_and_enough_for_a_backfill(edge):
    """`GET /v1/account` is none of it: not every restricted key can be given that right."""
    edge.fake.add_key("rk_test_reads", *READING)
    key = {"SUBFOLD_SOURCES__MAIN__API_KEY": "rk_test_reads"}

    checked = await edge.run("connect", "--check", **key)
    filled = await edge.run("backfill", "--no-history", **key)

    assert checked.returncode == 0, checked.stderr
    assert "the API key is good" in checked.stdout
    assert filled.returncode == 0, filled.stderr
    assert len(await edge.log()) > 0


async def test_a_platform_has_a_second_endpoint_for_connected_accounts(edge, url):
    config = edge.here.folder / "subfold.toml"
    config.write_text('[[sources]]\nid = "main"\ntest = true\naccounts = ["*"]\n')

    done = await edge.run("connect", "--url", url, "--secret-file", "secret")
    again = await edge.run("connect", "--url", url, "--wait", "1")

    assert done.returncode == 0, done.stderr
    assert [each.connect for each in endpoints(edge)] == [False, True]
    secrets = [each.secrets[0] for each in endpoints(edge)]
    assert (edge.here.folder / "secret").read_text() == ",".join(secrets)
    assert "not connected" in again.stderr


async def test_what_is_back_filled_after_connecting_is_as_old_as_the_connection(edge, url):
    await edge.run("connect", "--url", url, "--secret-file", "secret")
    connected_at = edge.fake.world.now
    await edge.fake.advance(days=1)

    await edge.run("backfill", "--no-history")

    assert {body["connected_at"] for _, body in await edge.log()} == {connected_at}


async def test_without_a_key_nobody_is_asked_where_nobody_is(edge, url):
    done = await edge.run("connect", "--url", url, SUBFOLD_SOURCES__MAIN__API_KEY_FILE="/dev/null")

    assert done.returncode == 2
    assert "SUBFOLD_SOURCES__MAIN__API_KEY" in done.stderr


async def test_disconnecting_disables_or_deletes_and_says_what_to_remove(edge, url):
    nothing = await edge.run("disconnect")
    assert nothing.returncode == 2
    assert "no connection" in nothing.stderr
    await edge.run("connect", "--url", url, "--secret-file", "secret")

    disabled = await edge.run("disconnect")
    assert disabled.returncode == 0, disabled.stderr
    assert [each.status for each in endpoints(edge)] == ["disabled"]
    assert "SUBFOLD_SOURCES__MAIN__WEBHOOK_SECRETS" in disabled.stdout

    deleted = await edge.run("disconnect", "--delete", "--json")
    assert orjson.loads(deleted.stdout)["account"] == "main/-/test"
    assert endpoints(edge) == []


async def test_an_event_of_another_version_is_counted_and_stored_all_the_same(edge, port, url):
    old = edge.fake.account.endpoints.add(url, api_version=OLD_VERSION)
    async with door(edge, port, old.secrets[0]) as ingest:
        await edge.run("connect", "--url", url)
        _, metrics = await ingest.get("/metrics")

    logged = (edge.here.folder / "ingest.log").read_text().count("webhook_api_version")
    assert logged == 1
    assert 'subfold_webhook_api_version_mismatches_total{source="main"} 2.0' in metrics
    versions = {
        dict(record.headers)["api_version"].decode()
        for part in await edge.here.read(LOG)
        for record in part
    }
    assert versions == {OLD_VERSION}


async def test_in_live_mode_nothing_but_the_endpoint_is_written_and_silence_is_no_failure(
    tmp_path, bootstrap_servers, prefix, url
):
    fake = FakeStripe(World(customers=1, livemode=True))
    fake.add_key("rk_live_ours")
    with serving(fake) as base:
        async with stage(tmp_path, bootstrap_servers, prefix) as here:
            edge, key = Edge(here, fake, base), {"SUBFOLD_SOURCES__MAIN__API_KEY": "rk_live_ours"}
            await edge.run("connect", "--url", url, "--secret-file", "secret", **key)
            again = await edge.run("connect", "--url", url, "--wait", "1", **key)

    assert again.returncode == 0, again.stderr
    assert "nothing came back yet" in again.stderr
    assert "connected:" not in again.stdout
    assert {each for each in fake.requests if not each.startswith("GET")} == {
        "POST /v1/webhook_endpoints",
        "POST /v1/webhook_endpoints/{id}",
    }


async def test_a_key_that_may_only_read_endpoints_makes_none_and_leaves_no_file(edge, url):
    edge.fake.add_key("rk_test_reads", *READING, "webhook_read")

    done = await edge.run(
        "connect",
        *("--url", url, "--secret-file", "secret"),
        SUBFOLD_SOURCES__MAIN__API_KEY="rk_test_reads",
    )

    assert done.returncode == 2
    assert "rak_webhook_write" in done.stderr
    assert endpoints(edge) == []
    assert not (edge.here.folder / "secret").exists()


async def test_endpoints_of_a_former_address_are_disconnected_with_the_rest(edge, url):
    for each in (url, url.replace("127.0.0.1", "localhost")):
        await edge.run("connect", "--url", each, "--secret-file", f"secret{len(endpoints(edge))}")

    await edge.run("disconnect")

    assert [each.status for each in endpoints(edge)] == ["disabled", "disabled"]
