"""Given rows and an account that has something else."""

from __future__ import annotations

import orjson
import pytest

from fake_stripe.world import World
from schemas.errors import SubfoldError
from schemas.records import Kind
from streams.source import stored_rows
from streams.source.fetched import Scope, fetched_record
from streams.source.log_writer import log_writer


@pytest.fixture
def world() -> World:
    return World(customers=5, quiet=20)


async def reconcile(edge, *words: str, **more: str):
    done = await edge.run("reconcile", "--settle", "0", "--json", *words, **more)
    return done, orjson.loads(done.stdout) if done.stdout else None


async def statuses(edge):
    [account] = orjson.loads((await edge.run("status", "--json")).stdout)["sources"]
    return account


async def test_rows_that_are_as_stripe_says_are_proved_to_be(edge):
    edge.here.start()
    await edge.run("backfill", "--no-history")
    done, found = await reconcile(edge)

    assert done.returncode == 0, done.stderr
    assert (found["drifts"], found["since"]) == ([], None)
    assert (await statuses(edge))["oldest_unverified_age_s"] is not None


async def test_what_is_not_repaired_is_named_and_exits_1(edge):
    edge.here.start()
    await edge.run("backfill", "--no-history")
    await edge.here.until_done()
    gone = edge.things("customer")[0]["id"]
    edge.fake.world.delete_customer(gone)

    done, found = await reconcile(edge, "--no-repair")

    assert done.returncode == 1
    assert {each["subject"] for each in found["drifts"]} == {f"main/-/test/{gone}"}
    assert "repair" not in {kind for kind, _ in await edge.log()}


async def test_an_account_that_has_none_of_the_customers_proves_nothing(edge):
    edge.here.start()
    await edge.run("backfill", "--no-history")
    await edge.here.until_done()
    for thing in edge.things("customer"):
        edge.fake.world.delete_customer(thing["id"])

    done, _ = await reconcile(edge)

    assert done.returncode == 1
    assert "the API key is of another account" in done.stderr
    assert (await statuses(edge))["is_last_check_broken"]


async def test_while_the_worker_is_behind_nothing_is_proved(edge, monkeypatch):
    await edge.run("backfill", "--no-history")
    monkeypatch.setattr(stored_rows, "PATIENCE_S", 1)
    monkeypatch.setattr(stored_rows, "POLL_S", 1)

    with pytest.raises(SubfoldError, match="records behind"):
        await stored_rows.rows_when_folded(
            edge.here.deployment, Scope("main", None, livemode=False)
        )


async def test_history_that_was_left_out_is_added_and_a_second_run_asks_nothing(edge):
    await edge.run("backfill", "--no-history")
    assert edge.fake.requests["GET /v1/charges"] == 0
    subscriptions = edge.fake.requests["GET /v1/subscriptions"]

    done = await edge.run("backfill", "--json")

    assert done.returncode == 0, done.stderr
    assert edge.fake.requests["GET /v1/charges"] > 0
    assert edge.fake.requests["GET /v1/subscriptions"] == subscriptions
    await edge.run("backfill")
    assert edge.fake.requests["GET /v1/subscriptions"] == subscriptions
    assert (await edge.run("backfill", "--again", "--no-history")).returncode == 0
    assert edge.fake.requests["GET /v1/subscriptions"] > subscriptions


async def test_what_no_repair_would_mend_is_named_at_each_check_and_not_repaired_each_time(edge):
    edge.here.start()
    await edge.run("backfill", "--no-history")
    known = edge.things("customer")[0]
    scope = Scope("main", None, livemode=False)
    stranger = fetched_record(
        known | {"id": "cus_Stranger"},
        customer="cus_Stranger",
        kind=Kind.BACK_FILL,
        scope=scope,
        fetched_at=known["created"],
        connected_at=None,
    )
    async with log_writer(edge.here.kafka) as writer:
        await writer.append([stranger])
    await edge.here.until_done()

    checks = [(await reconcile(edge))[1] for _ in range(2)]

    for found in checks:
        assert [(each["object"], each["fields"]) for each in found["drifts"]] == [
            ("cus_Stranger", ["gone at Stripe"])
        ]
        assert found["state"]["found"][-1]["repairs"] == 0
    assert "repair" not in {kind for kind, _ in await edge.log()}
