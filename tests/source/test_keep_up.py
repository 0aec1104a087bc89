"""Given accounts that are kept up with: none waits for another, nor for what takes long."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World
from schemas.errors import SettingsError
from streams.settings import Source
from streams.source import keep_up
from streams.source.account_tasks import AccountTasks
from streams.source.backfill import BackfillState, Reached
from streams.source.catch_up import KEPT_S, CatchUpState
from streams.source.lists import LISTS
from streams.source.log_writer import kept, log_writer, read_state
from streams.source.opened import Asked, opened
from streams.source.reconcile import Reconcile
from worker_process import until

DAY_S = 86_400
MAIN = "main/-/test"


@pytest.fixture
def world() -> World:
    return World(customers=20, day=200)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(keep_up, "EVERY_S", 0.2)


def asked(
    edge, key: str = API_KEY, *, id_: str = "main", url: str = "", test: bool = True
) -> Asked:
    source = Source(livemode=not test, test=test, api_key=key, api_base=url or edge.url)
    return Asked(id_, source, None)


async def caught(edge, scope: str = MAIN) -> CatchUpState:
    states = await kept(edge.here.kafka)
    return read_state(CatchUpState, states.get(f"{scope}/catch_up"))


@asynccontextmanager
async def kept_up(edge, *accounts: Asked):
    task = asyncio.create_task(keep_up.keep_up(edge.here.deployment, lambda: accounts))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def tasks_of(edge):
    async with opened(asked(edge)) as account, log_writer(edge.here.kafka) as writer:
        yield AccountTasks(account, edge.here.deployment, writer)


async def keep(edge, **states) -> None:
    async with log_writer(edge.here.kafka) as writer:
        for task, state in states.items():
            await writer.keep(f"{MAIN}/{task}", state)


async def test_one_revoked_key_holds_up_nobody_and_leaves_a_trace_until_it_works(edge):
    wrong = asked(edge, "rk_test_wrong", id_="other")

    async def both_are_known() -> bool:
        other = await caught(edge, "other/-/test")
        return bool((await caught(edge)).complete_until and other.failed_at)

    async with kept_up(edge, asked(edge), wrong) as running:
        await until(both_are_known)
        assert not running.done()
    told = await caught(edge, "other/-/test")
    assert "does not know the API key" in told.failure
    assert "rk_test_wrong" not in told.failure

    async def is_well() -> bool:
        return (await caught(edge, "other/-/test")).failed_at is None

    async with kept_up(edge, asked(edge, id_="other")):
        await until(is_well)
    assert (await caught(edge, "other/-/test")).failure is None


async def test_when_no_key_is_known_it_ends_and_says_so(edge):
    wrong = [asked(edge, "rk_test_wrong"), asked(edge, id_="other", test=False)]

    with pytest.raises(SettingsError):
        await asyncio.wait_for(keep_up.keep_up(edge.here.deployment, lambda: wrong), 60)

    assert "does not know the API key" in (await caught(edge)).failure
    assert "one of test mode" in (await caught(edge, "other/-/live")).failure


async def test_a_key_that_is_changed_meanwhile_is_taken_up(edge):
    accounts = [asked(edge, id_="other"), asked(edge, "rk_test_wrong")]
    task = asyncio.create_task(keep_up.keep_up(edge.here.deployment, lambda: accounts))

    async def has_failed() -> bool:
        return (await caught(edge)).failed_at is not None

    async def is_caught_up() -> bool:
        return (await caught(edge)).complete_until > 0

    try:
        await until(has_failed)
        accounts[1] = asked(edge)
        await until(is_caught_up)
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_long_check_holds_up_no_catch_up_and_a_slow_account_no_other(edge, monkeypatch):
    begun, ends = asyncio.Event(), asyncio.Event()

    async def long(self, **_):
        begun.set()
        await ends.wait()

    monkeypatch.setattr(Reconcile, "run", long)
    await keep(edge, backfill=BackfillState(started_at=1, completed_at=2, connected_at=1))
    slow = FakeStripe(World(customers=1))
    slow.faults.latency_s = 3_600

    async def is_appended() -> bool:
        return (await caught(edge)).appended > 0

    with serving(slow) as url:
        async with kept_up(edge, asked(edge, id_="slow", url=url), asked(edge)):
            await until(lambda: _is_set(begun))
            await edge.fake.advance(days=3)
            await until(is_appended)
            assert not ends.is_set()


async def _is_set(event: asyncio.Event) -> bool:
    await asyncio.sleep(0)
    return event.is_set()


async def test_who_is_told_to_stop_while_kafka_closes_stops_all_the_same(monkeypatch):
    monkeypatch.setattr(keep_up, "CANCEL_AGAIN_S", 0.1)
    tries = 0

    async def closing() -> None:
        nonlocal tries
        while True:
            try:
                await asyncio.sleep(3_600)
            except asyncio.CancelledError:
                tries += 1
                if tries > 1:
                    raise

    task = asyncio.create_task(closing())
    await asyncio.sleep(0)
    await keep_up.end([task])

    assert task.cancelled()


async def test_what_was_never_back_filled_is_not_checked(edge):
    async with tasks_of(edge) as tasks:
        await tasks.check_daily()

    assert edge.fake.requests["GET /v1/customers"] == 0
    assert f"{MAIN}/reconcile" not in await kept(edge.here.kafka)


async def test_a_gap_is_not_healed_by_a_back_fill_that_was_begun_before_it_was_over(edge):
    now = edge.fake.world.now
    old = now - KEPT_S - DAY_S
    lists = {each.name: Reached(is_done=each.name != "schedules") for each in LISTS}
    await keep(
        edge,
        backfill=BackfillState(started_at=old, connected_at=old, history_since=1, lists=lists),
        catch_up=CatchUpState(complete_until=now, gap_since=old - DAY_S),
    )

    async with tasks_of(edge) as tasks:
        state = await tasks.heal_gap()

    assert edge.fake.requests["GET /v1/customers"] > 0
    assert state is not None
    assert (state.gap_since, [each.begins for each in state.gaps]) == (None, [old - DAY_S])
    found = {body["data"]["object"]["id"] for _, body in await edge.log()}
    assert {each["id"] for each in edge.things("customer")} <= found


async def test_a_gap_brings_the_invoices_that_were_closed_in_it_and_made_before(edge):
    now = edge.fake.world.now
    gap_since = now - 90 * DAY_S
    closed = [
        each["id"]
        for each in edge.things("invoice")
        if gap_since - 50 * DAY_S < each["created"] < gap_since and each["status"] == "paid"
    ]
    await keep(edge, catch_up=CatchUpState(complete_until=now, gap_since=gap_since))

    async with tasks_of(edge) as tasks:
        state = await tasks.heal_gap()

    assert closed
    assert state is not None
    assert [each.begins for each in state.gaps] == [gap_since]
    found = {body["data"]["object"]["id"] for _, body in await edge.log()}
    assert set(closed) <= found


async def test_gap_and_catch_up_are_noted_by_one_at_a_time(edge):
    now = edge.fake.world.now
    await keep(edge, catch_up=CatchUpState(complete_until=now - DAY_S, gap_since=now - 40 * DAY_S))

    async with tasks_of(edge) as tasks:
        await asyncio.gather(tasks.heal_gap(), tasks.catch_up(), tasks.catch_up())

    state = await caught(edge)
    assert state.gap_since is None
    assert len(state.gaps) == 1
    assert state.complete_until > now - DAY_S


async def test_what_swallows_a_cancellation_is_cancelled_again(edge, monkeypatch):
    monkeypatch.setattr(keep_up, "CANCEL_AGAIN_S", 0.05)
    begun = asyncio.Event()

    async def stubborn(self, **_):
        begun.set()
        with suppress(asyncio.CancelledError):  # as Kafka's client does while it closes
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    monkeypatch.setattr(AccountTasks, "catch_up", stubborn)
    async with asyncio.timeout(30), kept_up(edge, asked(edge)):
        await begun.wait()
