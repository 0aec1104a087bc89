"""Given services that run on: a key that was rotated is the one of their next round."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from cli import catch_up, enrich
from cli.source import CurrentKeys
from fake_stripe.fake import API_KEY as API_KEY_OF_ALL
from fake_stripe.world import World
from streams.secret_store import API_KEY, new_master_key, open_secret_store
from streams.settings import Deployment, load_config
from streams.source import keep_up
from streams.source.catch_up import CatchUpState
from streams.source.enriching import enriching
from streams.source.log_writer import kept, read_state
from test_enrich import all_webhooks, pending
from worker_process import until

OLD, NEW = "rk_test_old", "rk_test_new"
Store = Callable[[str], object]


@pytest.fixture
def world() -> World:
    return World(customers=60, quiet=3, wide=1)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(keep_up, "EVERY_S", 0.2)
    for name in ("EVERY_S", "AGAIN_S", "KEYS_EVERY_S"):
        monkeypatch.setattr(enrich, name, 0.2)


@pytest.fixture
def environ(edge, monkeypatch):
    """The environment of a service, without a key."""
    monkeypatch.chdir(edge.here.folder)
    for name, value in edge.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SUBFOLD_SOURCES__MAIN__API_KEY")


@pytest.fixture(params=["file", "pasted"])
def store(request, edge, environ, monkeypatch, tmp_path) -> Store:
    """Puts a key where services find it."""
    if request.param == "file":
        path = tmp_path / "stripe_key"
        monkeypatch.setenv("STRIPE_API_KEY_FILE", str(path))
        return path.write_text
    monkeypatch.setenv("SUBFOLD_MASTER_KEY", new_master_key())
    monkeypatch.setenv("SUBFOLD_CONSOLE__DATA", str(tmp_path / "console"))

    def paste(key: str) -> None:
        with open_secret_store(load_config(None, os.environ).deployment.console) as secrets:
            secrets.put("main", API_KEY, SecretStr(key), by="somebody", at=1)

    return paste


def current() -> CurrentKeys:
    return CurrentKeys(load_config(None, os.environ).deployment, None)


@asynccontextmanager
async def running(work):
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def caught(edge) -> CatchUpState:
    return read_state(CatchUpState, (await kept(edge.here.kafka)).get("main/-/test/catch_up"))


async def test_catching_up_goes_on_with_the_new_key_and_the_failure_is_gone(edge, store):
    edge.fake.add_key(OLD)
    store(OLD)

    async def is_well() -> bool:
        state = await caught(edge)
        return state.complete_until > 0 and state.failure is None

    async def has_failed() -> bool:
        return (await caught(edge)).failure is not None

    async with running(catch_up._keep_up(current(), None)) as service:
        await until(is_well)
        edge.fake.revoke_key(OLD)
        await until(has_failed)
        assert not service.done()
        edge.fake.add_key(NEW)
        store(NEW)
        await until(is_well)
        assert not service.done()


async def test_enriching_goes_on_with_the_new_key(edge, store):
    edge.fake.add_key(OLD)
    store(OLD)
    edge.here.start()

    async def is_refused() -> bool:
        return edge.fake.requests.total() > asked

    async def is_known() -> bool:
        rows = await edge.rows()
        return len(rows) > 3 and pending(rows) == []

    async def has_begun() -> bool:
        return edge.fake.requests.total() > 0

    async with running(enrich._run(current())) as service:
        await until(has_begun)
        edge.fake.revoke_key(OLD)
        asked = edge.fake.requests.total()
        await all_webhooks(edge)
        await until(is_refused)
        assert not service.done()
        edge.fake.add_key(NEW)
        store(NEW)
        await until(is_known)
        assert not service.done()


async def test_what_the_old_key_might_not_see_is_asked_for_with_the_new_one(edge, environ):
    edge.fake.add_key(OLD, "event_read", "subscription_read")
    edge.here.start()
    await all_webhooks(edge)
    await edge.here.until_done()

    async with enriching(with_key(OLD)) as work:
        before = (await work.look())["main/-/test"]
        assert (await work.look())["main/-/test"].done.records == 0
        work.use_keys(with_key(API_KEY_OF_ALL).sources)
        after = (await work.look())["main/-/test"]

    assert before.in_vain > after.in_vain == 0
    await edge.here.until_done()
    assert pending(await edge.rows()) == []


def with_key(key: str) -> Deployment:
    return load_config(None, {**os.environ, "STRIPE_API_KEY": key}).deployment


@pytest.mark.parametrize("fault", ["", None])
def test_a_file_that_is_being_changed_leaves_the_key_that_was(
    environ, monkeypatch, tmp_path, fault
):
    path = tmp_path / "stripe_key"
    monkeypatch.setenv("STRIPE_API_KEY_FILE", str(path))
    path.write_text(OLD)
    keys = current()
    path.write_text(NEW)
    assert keys().sources["main"].api_key == SecretStr(NEW)

    path.unlink()
    if fault is not None:
        path.write_text(fault)

    assert keys().sources["main"].api_key == SecretStr(NEW)


def test_a_pasted_key_that_was_forgotten_is_used_no_more(environ, monkeypatch, tmp_path):
    monkeypatch.setenv("SUBFOLD_MASTER_KEY", new_master_key())
    monkeypatch.setenv("SUBFOLD_CONSOLE__DATA", str(tmp_path / "console"))
    options = load_config(None, os.environ).deployment.console
    with open_secret_store(options) as secrets:
        secrets.put("main", API_KEY, SecretStr(OLD), by="somebody", at=1)
        keys = current()
        assert keys().sources["main"].api_key == SecretStr(OLD)
        secrets.remove("main", API_KEY)

    assert keys().sources["main"].api_key is None
