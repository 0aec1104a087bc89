"""Given a Stripe and a door: `subfold connect` says so when an event has come back, or has not."""

from __future__ import annotations

from connect_stage import OLD_VERSION, door, endpoints
from fake_stripe.fake import FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World
from schemas.wire.events import API_VERSION
from source_stage import Edge
from streams.log.topics import LOG
from worker_stage import stage


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
