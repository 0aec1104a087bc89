"""Given a bad network, an outage and months without a look: the state heals, and counts it."""

from __future__ import annotations

import orjson
import pytest

from connect_stage import door
from fake_stripe.faults import Fault
from fake_stripe.webhook_sender import Network
from fake_stripe.world import World
from streams.log.embedded.node import free_port

DAY_S = 86_400
LOSSY = Network(seed=7, loss=0.1, repeats=0.1, late=0.2)


@pytest.fixture
def world() -> World:
    return World(customers=60, day=120, quiet=150)


def at_stripe(edge) -> set[tuple[str, str, str, tuple[tuple[str, str], ...]]]:
    return {
        (
            each["customer"],
            each["id"],
            each["status"],
            tuple(
                sorted((item["id"], str(item.get("quantity"))) for item in each["items"]["data"])
            ),
        )
        for each in edge.things("subscription")
    }


def in_rows(rows) -> set[tuple[str, str, str, tuple[tuple[str, str], ...]]]:
    return {
        (
            customer,
            sub["id"],
            sub["status"],
            tuple(sorted((item["id"], str(item["quantity"])) for item in sub["items"])),
        )
        for customer, row in rows.items()
        for sub in row["subscriptions"]
    }


async def told(edge, *words: str):
    done = await edge.run(*words, "--json")
    assert done.stdout, done.stderr
    line = orjson.loads(done.stdout.splitlines()[-1])
    return line, done


async def test_after_one_cycle_the_rows_are_as_stripe_has_them_and_the_repairs_are_counted(edge):
    edge.here.start()
    await told(edge, "backfill", "--no-history")
    first, _ = await told(edge, "catch-up", "--settle", "0")
    port = free_port()
    endpoint = edge.fake.account.endpoints.add(f"http://127.0.0.1:{port}/webhooks/stripe/main")
    edge.fake.account.sender.network = LOSSY
    async with door(edge, port, endpoint.secrets[0]):
        for _ in range(10):
            await edge.fake.advance(days=1)
    # An outage: nobody listens, a customer is deleted, and Stripe gives its webhooks up.
    gone = edge.things("customer")[5]["id"]
    edge.fake.world.delete_customer(gone)
    await edge.fake.advance(days=5)
    caught, _ = await told(edge, "catch-up", "--settle", "0")
    assert caught["state"]["appended"] > first["state"]["appended"]
    assert caught["state"]["gaps"] == []
    # And then nobody looks until events are older than Stripe keeps them.
    await edge.fake.advance(days=14)
    lost = edge.things("customer")[7]["id"]
    edge.fake.world.delete_customer(lost)
    await edge.fake.advance(days=31)
    missed, done = await told(edge, "catch-up", "--settle", "0")
    assert "events_gone_at_stripe" in done.stdout + done.stderr
    assert [gap["begins"] for gap in missed["state"]["gaps"]] == [caught["state"]["complete_until"]]

    await edge.here.until_done()
    found, _ = await told(edge, "reconcile", "--settle", "0")

    await edge.here.until_done()
    assert at_stripe(edge) <= in_rows(await edge.rows())
    drifted = {each["subject"] for each in found["drifts"]}
    assert f"main/-/test/{lost}" in drifted
    assert found["state"]["drift_open"] == len(drifted) > 0
    assert found["state"]["found"][0]["customers"] == len(drifted)
    again, done = await told(edge, "reconcile", "--no-repair", "--settle", "0")
    assert (done.returncode, again["drifts"], again["state"]["drift_open"]) == (0, [], 0)


async def test_what_was_before_the_first_catch_up_is_left_to_the_back_fill(edge):
    first, _ = await told(edge, "catch-up", "--settle", "0")
    assert first["state"]["appended"] == 0

    await edge.fake.advance(days=3)
    then, _ = await told(edge, "catch-up", "--settle", "0")
    assert then["state"]["appended"] > 0


async def test_what_changes_while_lists_are_read_is_right_in_the_end(edge):
    edge.here.start()
    edge.fake.faults.planned += [
        Fault(kind="advance", path=path, after=1, seconds=3 * DAY_S)
        for path in ("/v1/customers", "/v1/subscriptions")
    ]
    before = at_stripe(edge)

    await told(edge, "backfill", "--no-history")
    await told(edge, "catch-up", "--settle", "0")
    await edge.here.until_done()
    await edge.run("enrich", "--once")  # terms that events of the meantime did not show
    await edge.here.until_done()
    found, done = await told(edge, "reconcile", "--no-repair", "--settle", "0")

    assert at_stripe(edge) != before
    assert found["drifts"] == []
    assert done.returncode == 0
    assert at_stripe(edge) <= in_rows(await edge.rows())
