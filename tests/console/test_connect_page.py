"""Given a fake Stripe, a real broker and the real door: connecting by a page alone."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select

from console.access.tables import audit
from console.access.visitor import Role, Via, Visitor
from console.actions import sources
from console.read_model.tables import source_states
from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World
from ingest_process import running
from schemas.errors import SettingsError
from schemas.wire.events import API_VERSION
from streams.log.admin import create_topics
from streams.log.embedded.node import free_port
from streams.logs import TALKATIVE
from streams.secret_store import new_master_key, open_secret_store, with_stored_secrets
from streams.settings import Deployment, Kafka, Source
from streams.source.log_writer import kept
from web import browser, client, make_console

READING = (
    *("coupon_read", "customer_read", "event_read", "invoice_read", "payment_method_read"),
    *("plan_read", "product_read", "subscription_read"),
)
CONNECTING = ("billing_clock_write", "connected_account_read", "webhook_write")
POLLS = 1200


@contextmanager
def offline_console(filled, source, *, master_key=True):
    """A console whose only source is this one; nobody has to log in."""
    key = SecretStr(new_master_key()) if master_key else None
    console = make_console(filled, master_key=key)
    deployment = console.config.deployment.model_copy(update={"sources": {"main": source}})
    config = console.config.model_copy(update={"deployment": deployment})
    yield browser(replace(console, config=config))


def stored(here):
    with open_secret_store(here.console.config.deployment.console) as store:
        return store.opened("main")


async def done(here, kind):
    for _ in range(POLLS):
        job = here.console.jobs.latest(kind)
        if job and not job.is_running:
            assert job.error is None, job.error
            return job
        await asyncio.sleep(0.1)
    raise AssertionError(f"{kind} is not done")


def test_without_a_master_key_the_page_explains_and_nothing_is_stored(filled, tmp_path):
    with offline_console(filled, Source(test=True), master_key=False) as here:
        page = here.get("/connect")
        answer = here.post_form("/connect/main", {"api_key": "rk_test_x", "url": ""})

    assert "subfold master-key" in page.text
    assert 'name="api_key"' not in page.text
    assert answer.status_code == 422
    assert "without it no secret is stored" in answer.text
    assert not list(tmp_path.rglob("secrets.db"))


def test_any_connected_account_is_said_in_words(filled):
    with offline_console(filled, Source(test=True, accounts=("*",))) as here:
        page = here.get("/connect").text

    assert "webhooks of all connected accounts" in page


def test_all_that_a_key_lacks_is_named_and_nothing_is_stored_or_made(filled):
    fake = FakeStripe(World(customers=3))
    fake.add_key("rk_test_little_0000000000000000", *READING[1:])
    with (
        serving(fake) as url,
        offline_console(filled, Source(test=True, api_base=url)) as here,
    ):
        form = {"api_key": "rk_test_little_0000000000000000", "url": "http://127.0.0.1:1/x"}
        answer = here.post_form("/connect/main", form)

        assert answer.status_code == 422
        for word in (
            "Charges and Refunds: Read (past payments and refunds)",
            "Coupons: Read (discounts in MRR)",
            "Webhook Endpoints: Write (making the endpoint)",
        ):
            assert word in answer.text
        assert "https://dashboard.stripe.com/test/apikeys/create?" in answer.text
        assert "rk_test_little_0000" not in answer.text
        assert stored(here) == {}
    assert not fake.account.endpoints.all


def test_a_key_that_lacks_history_alone_is_stored_and_what_it_lacks_is_said(filled):
    fake = FakeStripe(World(customers=3))
    fake.add_key("rk_test_reads", *READING, "charge_read", "dispute_read", "quote_read")
    with (
        serving(fake) as url,
        offline_console(filled, Source(test=True, api_base=url)) as here,
    ):
        answer = here.post_form("/connect/main", {"api_key": "rk_test_reads", "url": ""})
        page = here.get("/connect")

        assert answer.status_code == 303
        assert "The key is good and stored" in page.text
        assert "Checkout Sessions: Read (past checkouts, and your ids in them)" in page.text
        assert "Credit Notes: Read (past credit notes)" in page.text
        assert "Disputes" not in page.text
        assert "api_key" in stored(here)


@pytest.mark.parametrize(
    ("source", "form", "words"),
    [
        (Source(test=True), {}, "there is no API key"),
        (
            Source(test=True, api_key=SecretStr("rk_test_of_the_environment")),
            {"api_key": "x"},
            "wins",
        ),
        (Source(test=False), {"api_key": "rk_test_x"}, "its API key is one of test mode"),
        (Source(test=True), {"api_key": "rk_test_x", "url": "ftp://x"}, "begins with https://"),
        (Source(test=True), {"url": "http://["}, "there is no API key"),
    ],
)
def test_what_cannot_be_connected_says_why(filled, source, form, words):
    with offline_console(filled, source) as here:
        answer = here.post_form("/connect/main", {"url": "", **form})

        assert answer.status_code == 422
        assert words in answer.text
        assert stored(here) == {}
        assert here.post_form("/connect/nobody", form).status_code == 404


def test_a_viewer_sees_how_sources_stand_and_connects_nothing(filled):
    viewer = client(filled, "viewer", master_key=SecretStr(new_master_key()))

    assert "Source main" in viewer.get("/connect").text
    assert 'name="api_key"' not in viewer.get("/connect").text
    for verb in ("", "/hear", "/backfill", "/disconnect"):
        assert viewer.post_form(f"/connect/main{verb}", {}).status_code == 403


async def test_a_backfill_that_is_begun_twice_is_written_down_once_and_says_whose_it_is(
    filled, monkeypatch
):
    is_over = threading.Event()

    async def waiting(kafka):
        await asyncio.to_thread(is_over.wait)
        raise SettingsError("it is over")

    monkeypatch.setattr(sources, "kept", waiting)
    with offline_console(filled, Source(test=True, api_key=SecretStr(API_KEY))) as here:
        try:
            ana = Visitor(name="ana", role=Role.ADMIN, via=Via.SESSION)
            job = sources.fill(here.console, ana, "main")
            again = await asyncio.to_thread(here.post_form, "/connect/main/backfill")
            page = await asyncio.to_thread(here.get, again.headers["location"])
        finally:
            is_over.set()
        while job.is_running:  # noqa: ASYNC110 - it runs in a thread
            await asyncio.sleep(0.01)
        with here.console.access.connect() as connection:
            deeds = connection.execute(select(audit)).all()

    assert "ana began it already" in page.text
    assert [(each.actor, each.what) for each in deeds] == [("ana", "source.backfill_started")]


async def test_from_a_pasted_key_to_events_that_come_back_and_a_whole_backfill(
    filled, bootstrap_servers, prefix, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    for talkative in TALKATIVE:
        caplog.set_level(logging.WARNING, talkative)
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=2)
    await create_topics(Deployment(kafka=kafka))
    fake, port = FakeStripe(World(customers=12)), free_port()
    fake.add_key(API_KEY, *READING, *CONNECTING, "charge_read", "dispute_read", "quote_read")
    door = f"http://127.0.0.1:{port}/webhooks/stripe/main"
    said = []
    with (
        serving(fake) as url,
        offline_console(filled, Source(test=True, api_base=url)) as offline,
    ):
        config = offline.console.config
        deployment = config.deployment.model_copy(update={"kafka": kafka})
        console = replace(
            offline.console, config=config.model_copy(update={"deployment": deployment})
        )
        here, options = browser(console), deployment.console
        async with running(
            tmp_path,
            bootstrap_servers,
            prefix,
            SUBFOLD_INGEST__PORT=str(port),
            SUBFOLD_CONSOLE__DATA=str(options.data),
            SUBFOLD_MASTER_KEY=options.master_key.get_secret_value(),
        ) as ingest:
            await ingest.until("/readyz", 200)
            answer = await asyncio.to_thread(
                here.post_form, "/connect/main", {"api_key": API_KEY, "url": door}
            )
            assert answer.status_code == 303, answer.text
            said.append(here.get("/connect").text)
            assert "Fake Company (acct_1FakeStripe), test mode" in said[0]

            heard = await done(here, "hear-main")
            said.append(here.get("/connect").text)
            assert heard.result.is_verified
            assert "An event came back" in said[-1]
            log = ingest.log.read_text()

        [endpoint] = fake.account.endpoints.all.values()
        assert (endpoint.url, endpoint.api_version) == (door, API_VERSION)
        assert with_stored_secrets(deployment).sources["main"].webhook_secrets == (
            SecretStr(endpoint.secrets[0]),
        )

        await asyncio.to_thread(here.post_form, "/connect/main/backfill")
        await done(here, "fill-main")
        states = await kept(kafka)
        with filled.begin() as connection:
            rows = [{"key": key, "body": body.decode()} for key, body in states.items()]
            connection.execute(insert(source_states), rows)
        said.append(here.get("/connect").text)
        assert "back-filled" in said[-1]
        assert "what the key may not read: credit_notes, checkout_sessions." in said[-1]
        assert "pasted by local" in said[-1]
        assert door in said[-1]
        assert '"completed_at":' in states["main/-/test/backfill"].decode()

        await asyncio.to_thread(here.post_form, "/connect/main/disconnect")
        said.append(here.get("/connect").text)
        assert stored(here) == {}
        assert endpoint.status == "disabled"
        with console.access.connect() as connection:
            notes = connection.execute(select(audit)).all()
        assert [each.what for each in notes if each.what.startswith("source.")] == [
            "source.connected",
            "source.backfill_started",
            "source.disconnected",
        ]
        assert {each.actor for each in notes} == {"local"}

    said += [log, repr(notes), *(each.getMessage() for each in caplog.records)]
    said += [path.read_bytes().decode("latin-1") for path in options.data.glob("*.db*")]
    for secret in (API_KEY, *endpoint.secrets, options.master_key.get_secret_value()):
        assert not [text for text in said if secret in text]
