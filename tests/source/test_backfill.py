"""Given an account with a past: all of it comes into the log once, whatever breaks off."""

from __future__ import annotations

from collections import Counter

import orjson

from fake_stripe.faults import Fault
from worker_process import until


async def test_every_object_comes_once_and_rows_are_as_stripe_has_them(edge):
    done = await edge.run("backfill", "--json")
    assert done.returncode == 0, done.stderr

    [line] = map(orjson.loads, done.stdout.splitlines())
    assert line["account"] == "main/-/test"
    log = await edge.log()
    assert {kind for kind, _ in log} == {"back_fill"}
    found = Counter(
        (body["data"]["object"]["object"], body["data"]["object"]["id"]) for _, body in log
    )
    for kind in ("customer", "subscription"):
        assert {id_ for name, id_ in found if name == kind} == {
            each["id"] for each in edge.things(kind)
        }
    assert {count for (kind, _), count in found.items() if kind == "customer"} == {1}

    edge.here.start()
    await edge.here.until_done()
    rows = await edge.rows()
    assert {
        (sub["id"], sub["status"]) for row in rows.values() for sub in row["subscriptions"]
    } == {(each["id"], each["status"]) for each in edge.things("subscription")}
    assert [row["pending"] for row in rows.values() if row["pending"]] == []
    assert not any(sub["has_more_items"] for row in rows.values() for sub in row["subscriptions"])


async def test_killed_in_the_middle_it_goes_on_and_asks_no_page_twice_but_the_last(edge):
    edge.fake.faults.latency_s = 0.2
    process = edge.start("backfill", "--no-history")

    async def is_at_the_third_page() -> bool:
        return edge.fake.requests["GET /v1/customers"] >= 3

    await until(is_at_the_third_page)
    process.kill()
    process.wait()
    edge.fake.faults.latency_s = 0

    done = await edge.run("backfill", "--no-history")

    assert done.returncode == 0, done.stderr
    pages = -(-len(edge.things("customer")) // 100)
    assert edge.fake.requests["GET /v1/customers"] == pages + 1
    found = {body["data"]["object"]["id"] for _, body in await edge.log()}
    assert {each["id"] for each in edge.things("customer")} <= found


async def test_a_busy_stripe_and_a_cursor_that_is_deleted_hold_nothing_up(edge):
    last_of_first_page = edge.things("customer")[99]
    edge.fake.faults.planned += [
        Fault(kind="rate_limit", path="/v1/subscriptions", times=2),
        Fault(kind="delete", path="/v1/customers", after=1, id=last_of_first_page["id"]),
    ]

    done = await edge.run("backfill", "--no-history")

    assert done.returncode == 0, done.stderr
    found = {body["data"]["object"]["id"] for _, body in await edge.log()}
    assert {each["id"] for each in edge.things("customer")} <= found


async def test_it_says_how_far_it_came_when_stripe_fails_and_done_once_it_is_done(edge):
    edge.fake.faults.planned.append(Fault(kind="error", path="/v1/subscriptions", times=50))
    failed = await edge.run("backfill")
    assert failed.returncode == 1
    assert "incomplete, " in failed.stderr
    assert "run it again" in failed.stderr

    edge.fake.faults.planned.clear()
    assert (await edge.run("backfill")).returncode == 0
    asked = edge.fake.requests.total()
    assert (await edge.run("backfill")).returncode == 0
    assert edge.fake.requests.total() <= asked + 2


async def test_a_key_that_stripe_does_not_know_is_refused_before_anything_is_written(edge):
    done = await edge.run("backfill", SUBFOLD_SOURCES__MAIN__API_KEY="rk_test_wrong")

    assert done.returncode == 2
    assert "does not know the API key" in done.stderr
    assert "rk_test_wrong" not in done.stderr + done.stdout
    assert await edge.log() == []


async def test_an_answer_that_breaks_off_is_asked_for_again(edge):
    edge.fake.faults.planned.append(Fault(kind="drop", path="/v1/subscriptions", times=2))
    done = await edge.run("backfill", "--no-history", "--json")

    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout)["account"] == "main/-/test"
