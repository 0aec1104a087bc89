"""Given webhooks alone: what they leave unknown is asked for once, for each customer concerned."""

from __future__ import annotations

import orjson
import pytest

from fake_stripe.faults import Fault
from fake_stripe.lists import cut
from fake_stripe.view import Told
from fake_stripe.world import World
from schemas.records import Kind
from streams.ingest.keys import read_envelope
from streams.log.records import log_headers
from streams.settings import Source
from streams.source.log_writer import Outgoing, log_writer
from worker_process import until

QUIET = 3


@pytest.fixture
def world() -> World:
    return World(customers=60, quiet=QUIET, wide=1)


def webhook(event) -> Outgoing:
    """An event as the door appends it: of a list the first ten."""
    thing = event["data"]["object"]
    body = orjson.dumps(
        event | {"data": event["data"] | {"object": cut(thing) if "id" in thing else thing}}
    )
    found = read_envelope(body, "main", Source(test=True))
    headers = log_headers(
        kind=Kind.WEBHOOK,
        source="main",
        event_id=found.event_id,
        event_type=found.event_type,
        api_version=found.api_version,
        received_at_ms=event["created"] * 1000,
    )
    return Outgoing(key=found.key, value=body, headers=headers)


async def send_since(edge, count: int) -> int:
    """Append all events that the world has had since it had `count` of them."""
    view = edge.fake.world.view()
    async with log_writer(edge.here.kafka) as writer:
        await writer.append(webhook(view.events.get(each)) for each in view.event_ids[count:])
    return len(view.event_ids)


def happen(edge, type_: str, thing) -> None:
    world = edge.fake.world
    world.happen(Told(name=f"{type_}/{thing['id']}", type=type_, thing=thing, at=world.now))


async def all_webhooks(edge) -> int:
    """Also the quiet customers', of whom the simulated account has no events; a minute passes."""
    for each in edge.things("subscription"):
        if any(item["price"]["id"] == "price_Quiet" for item in each["items"]["data"]):
            happen(edge, "customer.subscription.created", each)
    count = await send_since(edge, 0)
    await edge.fake.advance(seconds=60)
    return count


async def enriched(edge, **more):
    done = await edge.run("enrich", "--once", "--json", **more)
    assert done.returncode == 0, done.stderr
    [line] = map(orjson.loads, done.stdout.splitlines())
    return line


async def enrichments(edge):
    return [body for kind, body in await edge.log() if kind == "enrichment"]


def pending(rows):
    return [each["reason"] for row in rows.values() for each in row["pending"]]


def terms_of(row) -> set[str]:
    """What a customer's living subscriptions count with."""
    found = {row["customer"]["discount"]["coupon_id"]} if row["customer"]["discount"] else set()
    for sub in row["subscriptions"]:
        if sub["status"] not in {"canceled", "incomplete_expired"}:
            found |= {each["coupon_id"] for each in sub["discounts"]}
            for item in sub["items"]:
                found |= {item["price"], item["product"]}
    return found


async def test_all_that_webhooks_leave_unknown_is_fetched_once_and_appended_for_each(edge):
    edge.here.start()
    await all_webhooks(edge)
    await edge.here.until_done()
    before = await edge.rows()
    assert {"items", "tiers", "coupon"} == set(pending(before))

    first = await enriched(edge)

    await edge.here.until_done()
    rows = await edge.rows()
    assert pending(rows) == []
    assert not any(sub["has_more_items"] for row in rows.values() for sub in row["subscriptions"])
    asked = edge.fake.requests
    found = await enrichments(edge)
    kinds = {(each["data"]["object"]["object"], each["data"]["object"]["id"]) for each in found}
    assert first["records"] == len(found) > len(kinds) == first["objects"]
    for kind, path in (
        ("price", "prices"),
        ("coupon", "coupons"),
        ("subscription", "subscriptions"),
    ):
        assert asked[f"GET /v1/{path}/{{id}}"] == len([each for each, _ in kinds if each == kind])
    assert asked["GET /v1/subscription_items"] == 1
    assert {each["customer"] for each in found} == {
        customer for customer, row in before.items() if row["pending"]
    }

    total = asked.total()
    second = await enriched(edge)
    assert (second["lacking"], second["records"]) == (0, 0)
    assert asked.total() == total + 1  # the account, for Stripe's time


async def test_a_change_of_terms_is_fetched_once_and_appended_for_all_whom_it_concerns(edge):
    edge.here.start()
    count = await all_webhooks(edge)
    await edge.here.until_done()
    await enriched(edge)
    await edge.here.until_done()
    await edge.fake.advance(seconds=60)
    changed_at, view = edge.fake.world.now, edge.fake.world.view()
    price = view.get("price", "price_Quiet")
    happen(edge, "price.updated", price | {"nickname": "Quiet and calm"})
    happen(edge, "plan.updated", price | {"object": "plan"})
    happen(edge, "product.updated", view.get("product", "prod_DemoBasic") | {"name": "Basis"})
    happen(edge, "coupon.updated", view.get("coupon", "EIGHTH") | {"name": "An eighth"})
    edge.fake.requests.clear()
    await send_since(edge, count)
    await edge.fake.advance(seconds=60)

    done = await enriched(edge)

    told = [
        (each["data"]["object"]["id"], each["customer"])
        for each in await enrichments(edge)
        if each["fetched_at"] >= changed_at
    ]
    rows = await edge.rows()
    assert len([each for each, _ in told if each == "price_Quiet"]) >= QUIET
    assert sorted(told) == sorted(
        (id_, customer)
        for customer, row in rows.items()
        for id_ in terms_of(row) & {"price_Quiet", "prod_DemoBasic", "EIGHTH"}
    )
    assert done["objects"] == 3
    assert edge.fake.requests["GET /v1/prices/{id}"] == 1
    assert edge.fake.requests["GET /v1/products/{id}"] == 1
    assert (await enriched(edge))["records"] == 0


async def test_the_service_follows_rows_and_ends_when_it_is_told_to(edge):
    edge.here.start()
    service = edge.start("enrich")
    await all_webhooks(edge)

    async def is_all_known() -> bool:
        rows = await edge.rows()
        return len(rows) > QUIET and pending(rows) == []

    await edge.here.until_done()
    await until(is_all_known)
    service.terminate()

    assert service.wait(30) == 0
    found = [
        (each["data"]["object"]["id"], each["customer"], each["data"]["object"]["object"])
        for each in await enrichments(edge)
    ]
    assert len(found) == len(set(found)) > 0


async def test_what_stripe_does_not_give_is_not_asked_for_again(edge):
    await all_webhooks(edge)
    edge.fake.add_key("rk_test_few", "subscription_read", "plan_read", "event_read")
    edge.here.start()
    await edge.here.until_done()

    line = await enriched(edge, SUBFOLD_SOURCES__MAIN__API_KEY="rk_test_few")

    await edge.here.until_done()
    assert set(pending(await edge.rows())) == {"coupon"}
    assert line["in_vain"] > 0
    assert edge.fake.requests["GET /v1/coupons/{id}"] == 1


async def test_an_outage_of_stripe_is_waited_out_and_nothing_is_asked_twice(edge):
    edge.here.start()
    await all_webhooks(edge)
    await edge.here.until_done()
    edge.fake.faults.planned.append(Fault(kind="error", path="/v1/prices", times=50))

    failed = await edge.run("enrich", "--once")
    assert failed.returncode == 1
    assert "Stripe answered 500" in failed.stderr
    edge.fake.faults.planned.clear()
    await enriched(edge)

    await edge.here.until_done()
    assert pending(await edge.rows()) == []


async def test_a_coupon_that_was_deleted_leaves_mrr_unknown_and_is_asked_for_once(edge):
    await all_webhooks(edge)
    happen(edge, "coupon.deleted", edge.fake.world.view().get("coupon", "EIGHTH"))
    edge.here.start()
    await edge.here.until_done()

    line = await enriched(edge)

    await edge.here.until_done()
    left = pending(await edge.rows())
    assert left == ["coupon"] * line["in_vain"]
    assert left


async def test_customers_of_the_mode_that_the_key_is_not_of_are_counted_and_told_why(edge):
    wide = next(each for each in edge.things("subscription") if len(each["items"]["data"]) > 10)
    happen(edge, "customer.subscription.created", wide)
    view = edge.fake.world.view()
    event = view.events.get(view.event_ids[-1])
    async with log_writer(edge.here.kafka) as writer:
        await writer.append([webhook(event), webhook(event | {"livemode": True})])
    edge.here.start()
    await edge.here.until_done()

    done = await edge.run("enrich", "--once", "--json")

    assert done.returncode == 0, done.stderr
    live, test = map(orjson.loads, done.stdout.splitlines())
    assert (live["account"], live["lacking"], live["records"]) == ("main/-/live", 1, 0)
    assert live["reason"] == "source main: its API key is not one of live mode"
    assert (test["account"], test["records"], test["reason"]) == ("main/-/test", 1, None)


async def test_without_an_api_key_it_says_why_mrr_stays_unknown(edge):
    done = await edge.here.run("enrich")

    assert done.returncode == 2
    assert "set STRIPE_API_KEY" in done.stderr
    assert "MRR stays unknown" in done.stderr
    assert await edge.log() == []
