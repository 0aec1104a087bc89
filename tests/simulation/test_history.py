"""Laws of the simulated year: seeded, one history in four shapes, former values that are true."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import islice

import orjson
import pytest

from histories import history, objects, put_back, told_alike
from simulation.objects import DAY_S, Generation
from simulation.prices import PRICES_CREATED
from simulation.simulate import simulate

HAPPENS = {
    *(f"customer.{what}" for what in ("created", "updated", "deleted")),
    *(f"customer.subscription.{what}" for what in ("created", "updated", "deleted")),
    *(f"customer.subscription.{what}" for what in ("paused", "resumed", "trial_will_end")),
    *(f"customer.subscription.pending_update_{what}" for what in ("applied", "expired")),
    *(f"customer.discount.{what}" for what in ("created", "deleted")),
    *(f"invoice.{what}" for what in ("created", "finalized", "paid", "payment_failed")),
    *(f"invoice.{what}" for what in ("voided", "marked_uncollectible")),
    *(f"subscription_schedule.{what}" for what in ("created", "updated", "expiring")),
    *(f"subscription_schedule.{what}" for what in ("released", "completed")),
    *("invoice.upcoming", "invoice_payment.paid", "checkout.session.completed"),
    *(f"payment_method.{what}" for what in ("attached", "updated", "detached")),
    "payment_method.automatically_updated",
    *("product.created", "price.created", "coupon.created"),
}
GENERATIONS = list(Generation)
SNAPSHOTS = {"customer", "subscription", "subscription_schedule"}
ENDS = ("deleted", "released", "completed", "canceled", "aborted")


def test_the_same_arguments_make_the_same_bytes():
    first, second = (
        b"\n".join(map(orjson.dumps, simulate(seed=7, customers=40))) for _ in range(2)
    )

    assert first == second


def test_another_seed_makes_other_customers():
    ids = [{each["id"] for each in simulate(seed=seed, customers=20)} for seed in (1, 2)]

    assert not ids[0] & ids[1]


def test_more_customers_leave_the_others_as_they_are():
    few = {each["id"]: each for each in simulate(customers=20)}
    many = {each["id"]: each for each in simulate(customers=40)}

    assert few.items() <= many.items()


def test_days_and_start_bound_the_year():
    start = PRICES_CREATED + 90 * DAY_S
    times = [each["created"] for each in simulate(customers=50, days=30, start=start)]

    assert min(times) == start
    assert max(times) < start + 30 * DAY_S


def test_events_come_in_the_order_that_they_happened_under_ids_of_their_own():
    events = history()

    assert [each["created"] for each in events] == sorted(each["created"] for each in events)
    assert len({each["id"] for each in events}) == len(events)


def test_several_events_of_one_customer_share_a_second():
    busiest = Counter(
        (each["data"]["object"].get("customer"), each["created"]) for each in history()
    )

    assert busiest.most_common(1)[0][1] > 5


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_history_has_the_same_ids_times_and_types_in_every_generation(generation):
    def plot(events):
        return [
            (each["id"], each["created"], each["type"], each["data"]["object"].get("id"))
            for each in events
            if each["type"] != "invoice_payment.paid"
        ]

    assert plot(told_alike(generation)) == plot(told_alike(Generation.ENDIVE))


def test_mixed_generations_give_each_customer_one():
    versions = defaultdict(set)
    for event in history():
        thing = event["data"]["object"]
        owner = thing["id"] if thing["object"] == "customer" else thing.get("customer")
        if owner:
            versions[owner].add(event["api_version"])

    assert {len(each) for each in versions.values()} == {1}
    assert set.union(*versions.values()) == set(Generation)


@pytest.mark.parametrize("generation", [*GENERATIONS, None])
def test_previous_attributes_lead_back_to_the_last_snapshot(generation):
    last = {}
    for event in history(generation):
        thing, former = event["data"]["object"], event["data"].get("previous_attributes")
        if thing["object"] not in SNAPSHOTS:
            continue
        before = last.get(thing["id"])
        if event["type"].endswith(".updated"):
            assert former
            was = put_back(thing, former)
            was["metadata"] = {key: value for key, value in was["metadata"].items() if value}
            assert was == before
        else:
            assert former is None
            assert before in (None, thing) or event["type"].endswith(ENDS)
        last[thing["id"]] = thing


def test_on_demand_pauses_exist_in_the_newest_generation_alone():
    def asked(events):
        return [
            each
            for each in objects(events, "subscription")
            if (each.get("status_details") or {}).get("paused", {}).get("subscription")
            == {"type": "pause_requested"}
        ]

    assert asked(history(Generation.ENDIVE))
    assert not asked(told_alike(Generation.ENDIVE))
    assert {each["status"] for each in asked(history())} == {"paused"}


def test_a_subscription_that_has_ended_tells_no_more():
    ended = {}
    for event in history():
        thing = event["data"]["object"]
        if thing["object"] == "subscription":
            assert thing["id"] not in ended
            if thing["status"] in {"canceled", "incomplete_expired"}:
                ended[thing["id"]] = event

    assert len(ended) > 50


def test_nothing_happens_to_a_deleted_customer():
    deleted = {}
    for event in history():
        thing = event["data"]["object"]
        owner = thing["id"] if thing["object"] == "customer" else thing.get("customer")
        assert deleted.get(owner, event["created"]) == event["created"]
        if event["type"] == "customer.deleted":
            deleted[owner] = event["created"]

    assert deleted


def test_a_life_has_all_that_can_happen():
    told = {each["type"] for each in history()}

    assert told >= HAPPENS
    assert {each["status"] for each in objects(history(), "subscription")} == {
        *("trialing", "active", "incomplete", "incomplete_expired"),
        *("past_due", "unpaid", "paused", "canceled"),
    }
    assert {each["currency"] for each in objects(history(), "subscription")} == {
        *("usd", "eur", "jpy", "kwd"),
    }


def test_a_year_of_many_customers_can_be_begun_without_being_held():
    assert len(list(islice(simulate(customers=2000), 1000))) == 1000
