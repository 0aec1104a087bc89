"""Given customers with a past: what their pages show is in the log, each under its customer."""

from __future__ import annotations

import orjson
import pytest

from fake_stripe.credit_notes import credit
from fake_stripe.quotes import offer
from fake_stripe.view import Told
from fake_stripe.world import World
from streams.log.topics import LOG
from streams.source.backfill import HISTORY_S, BackfillState
from streams.source.log_writer import kept, log_writer, read_state
from streams.source.read_lists import Reached
from worker_process import until

READING = [
    *("charge_read", "coupon_read", "customer_read", "dispute_read", "event_read"),
    *("invoice_read", "plan_read", "product_read", "subscription_read"),
]
DAY_S = 86_400
MAIN = "main/-/test"
QUIET = 250
ASKED = "GET /v1/customers/{id}/payment_methods"


@pytest.fixture
def world() -> World:
    return World(customers=30, quiet=QUIET)


async def subjects(edge) -> dict[str, list[str]]:
    """Keys of the records of each object."""
    found: dict[str, list[str]] = {}
    for part in await edge.here.read(LOG):
        for each in part:
            body = orjson.loads(each.value)
            if body.get("object") != "subfold.fetched":
                continue
            thing = body["data"]["object"]
            found.setdefault(thing["id"], []).append(each.key.decode())
    return found


def happen(edge, type_: str, thing) -> str:
    world = edge.fake.world
    world.happen(Told(name=f"{type_}/{thing['id']}", type=type_, thing=thing, at=world.now))
    return thing["id"]


async def filled(edge, *words: str, **more: str):
    done = await edge.run("backfill", "--json", *words, **more)
    assert done.returncode == 0, done.stderr
    return orjson.loads(done.stdout)["state"], done


async def test_every_card_note_and_session_comes_under_its_customer_and_cards_come_last(edge):
    card = edge.things("payment_method")[0]
    second = happen(edge, "payment_method.attached", card | {"id": "pm_second"})
    invoice = next(each for each in edge.things("invoice") if each["status"] == "paid")
    note = credit(edge.fake.world, invoice["id"], 100)
    session = next(each for each in edge.things("checkout.session") if each["customer"])

    state, _ = await filled(edge)

    found = await subjects(edge)
    assert found[second] == found[card["id"]] == [f"main/-/test/{card['customer']}"]
    assert found[note] == [f"main/-/test/{invoice['customer']}"]
    assert found[session["id"]] == [f"main/-/test/{session['customer']}"]
    attached = [each for each in edge.things("payment_method") if each["customer"]]
    assert state["lists"]["payment_methods"]["objects"] == len(attached)
    assert state["lists"]["payment_methods"]["customers"] == len(edge.things("customer"))
    assert list(state["lists"])[-1] == "payment_methods"
    assert edge.fake.requests[ASKED] == len(edge.things("customer"))
    edge.here.start()
    await edge.here.until_done()
    assert (await edge.rows()).keys() == {each["id"] for each in edge.things("customer")}


async def test_quotes_of_thirteen_months_come_and_no_page_of_older_ones_is_asked_for(edge):
    customer, now = edge.things("customer")[0]["id"], edge.fake.world.now
    since = now - HISTORY_S
    young = [offer(edge.fake.world, customer, each, created=now - each) for each in range(101)]
    nobody = offer(edge.fake.world, None, 1, created=since + DAY_S)
    old = [offer(edge.fake.world, customer, each, created=since - DAY_S) for each in range(200)]

    state, _ = await filled(edge)

    found = await subjects(edge)
    assert {tuple(found[each]) for each in young} == {(f"main/-/test/{customer}",)}
    assert found[nobody] == [f"main/-/test/-/{nobody}"]
    assert not found.keys() & set(old)
    assert state["lists"]["quotes"]["objects"] == len(young) + 1
    assert edge.fake.requests["GET /v1/quotes"] == 2


async def test_a_quote_that_is_gone_with_its_place_has_its_list_read_from_the_first_on(edge):
    customer, now = edge.things("customer")[0]["id"], edge.fake.world.now
    quotes = [offer(edge.fake.world, customer, each, created=now - each) for each in range(101)]
    await edge.run("backfill", "--no-history")
    states = await kept(edge.here.kafka)
    state = read_state(BackfillState, states[f"{MAIN}/backfill"])
    state.lists["quotes"] = Reached(cursor="qt_gone", created=now - 50)
    async with log_writer(edge.here.kafka) as writer:
        await writer.keep(f"{MAIN}/backfill", state)

    await filled(edge)

    assert set(quotes) <= (await subjects(edge)).keys()


async def test_a_list_that_an_older_release_did_not_know_comes_by_itself_and_alone(edge):
    quote = offer(edge.fake.world, edge.things("customer")[0]["id"], 4900)
    await filled(edge)
    state = read_state(BackfillState, (await kept(edge.here.kafka))[f"{MAIN}/backfill"])
    del state.lists["quotes"]
    async with log_writer(edge.here.kafka) as writer:
        await writer.keep(f"{MAIN}/backfill", state)
    charges = edge.fake.requests["GET /v1/charges"]

    await filled(edge)

    assert len((await subjects(edge))[quote]) == 2
    assert edge.fake.requests["GET /v1/charges"] == charges


async def test_without_history_no_customer_is_asked_for_cards(edge):
    await filled(edge, "--no-history")

    assert edge.fake.requests[ASKED] == 0


async def test_who_was_never_to_pay_is_not_asked(edge):
    quiet = edge.things("customer")[-1]
    idle = quiet | {"id": "cus_Idle", "currency": None, "created": edge.fake.world.now}
    happen(edge, "customer.created", idle)

    state, _ = await filled(edge)

    assert state["lists"]["payment_methods"]["customers"] == len(edge.things("customer"))
    assert edge.fake.requests[ASKED] == len(edge.things("customer")) - 1


async def test_killed_among_the_cards_it_asks_no_customer_twice_but_those_of_the_page(edge):
    process = edge.start("backfill")

    async def is_at_the_second_hundred() -> bool:
        return edge.fake.requests[ASKED] >= 120

    await until(is_at_the_second_hundred)
    process.kill()
    process.wait()

    await filled(edge)

    assert edge.fake.requests[ASKED] <= len(edge.things("customer")) + 100
    found = await subjects(edge)
    attached = {each["id"] for each in edge.things("payment_method") if each["customer"]}
    assert attached <= found.keys()


async def test_what_a_key_may_not_read_is_named_and_left_out_and_comes_with_a_better_key(edge):
    edge.fake.add_key("rk_test_reads", *READING)
    key = {"SUBFOLD_SOURCES__MAIN__API_KEY": "rk_test_reads"}

    state, done = await filled(edge, **key)

    refused = {name for name, each in state["lists"].items() if each["refused"]}
    assert refused == {"credit_notes", "checkout_sessions", "payment_methods", "quotes"}
    assert "without payment_methods: the API key may not do this" in done.stderr
    assert "rak_payment_method_read" in done.stderr
    assert state["completed_at"]
    told = (await edge.run("backfill", **key)).stdout
    assert "complete without credit_notes, checkout_sessions, quotes, payment_methods: " in told
    assert "0 quotes" not in told
    charges = edge.fake.requests["GET /v1/charges"]
    state, _ = await filled(edge)
    assert not any(each["refused"] for each in state["lists"].values())
    assert edge.fake.requests["GET /v1/charges"] == charges
    attached = {each["id"] for each in edge.things("payment_method") if each["customer"]}
    assert attached <= (await subjects(edge)).keys()


async def test_what_names_no_customer_is_stored_and_no_row_has_it(edge):
    charge = edge.things("charge")[0] | {"id": "ch_Guest", "customer": None}
    happen(edge, "charge.succeeded", charge)
    edge.here.start()

    state, _ = await filled(edge)

    assert (await subjects(edge))["ch_Guest"] == ["main/-/test/-/ch_Guest"]
    assert state["lists"]["charges"]["without_customer"] == 1
    await edge.here.until_done()
    await edge.here.judge()
    assert (await edge.rows()).keys() == {each["id"] for each in edge.things("customer")}
