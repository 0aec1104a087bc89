"""Keeps the log complete: catches up every minute, heals gaps by back-fill, checks every day.

Each account by itself, and with each what may take hours beside the minute's catch-up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

import structlog
from pydantic import SecretStr

from schemas.errors import BrokerError, SettingsError, SubfoldError
from streams import metrics
from streams.settings import Deployment
from streams.source import catch_up, reconcile
from streams.source.account_tasks import AccountTasks, note_failure
from streams.source.catch_up import CatchUpState
from streams.source.fetched import Scope
from streams.source.log_writer import LogWriter, kept, log_writer, read_state
from streams.source.opened import Asked, Opened, unasked
from streams.source.proved import ReconcileState

EVERY_S = 60
CANCEL_AGAIN_S = 2

log = structlog.get_logger()


class _Asked(NamedTuple):
    """An account and the key it is asked with: with another key it is begun anew."""

    source: str
    account: str | None
    key: SecretStr | None


async def keep_up(deployment: Deployment, accounts: Callable[[], Iterable[Asked]]) -> None:
    """Catch up with all accounts, and check them, until cancelled.

    Args:
        deployment: Where Kafka is.
        accounts: Asked each time, for keys are pasted and taken away meanwhile.

    Raises:
        SettingsError: No account can be asked from the start; a key that is refused later may be
            changed, or given its rights back.
        BrokerError: Kafka cannot be reached at the start.
    """
    async with log_writer(deployment.kafka) as writer:
        keeping = _Keeping(deployment, writer)
        try:
            while True:
                await keeping.follow(accounts())
                with suppress(BrokerError):
                    _publish(await kept(deployment.kafka), int(time.time()))
                await keeping.wait()
        finally:
            await keeping.follow(())


class _Keeping:
    """What goes on with each account, and which of them cannot be asked with their keys."""

    def __init__(self, deployment: Deployment, writer: LogWriter) -> None:
        self._deployment = deployment
        self._writer = writer
        self._running: dict[_Asked, asyncio.Task[None]] = {}
        self._refused: set[_Asked] = set()
        self._has_asked = False
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def follow(self, accounts: Iterable[Asked]) -> None:
        """Begin with those that are new, and end what goes on with those that are gone."""
        there = {_Asked(each.id, each.account, each.source.api_key): each for each in accounts}
        gone = [self._running.pop(each) for each in self._running.keys() - there.keys()]
        self._refused &= there.keys()
        await end(gone)
        for name in there.keys() - self._running.keys():
            self._running[name] = asyncio.create_task(self._keep(name, there[name]))

    async def wait(self) -> None:
        """Let it go on for a while.

        Raises:
            SettingsError: No account could be asked from the start.
        """
        ends: list[asyncio.Future[None]] = [self._ended, *self._running.values()]
        done, _ = await asyncio.wait(ends, timeout=EVERY_S, return_when=asyncio.FIRST_EXCEPTION)
        for each in done:
            each.result()

    async def _keep(self, name: _Asked, asked: Asked) -> None:
        try:
            async with unasked(asked) as api:
                scope = Scope(asked.id, asked.account, api.livemode)
                account = Opened(asked=asked, api=api, scope=scope)
                tasks = AccountTasks(account, self._deployment, self._writer)
                work = [
                    asyncio.create_task(each)
                    for each in (self._catch_up(name, tasks), _look_after(tasks))
                ]
                try:
                    # A task group would cancel them but once: see `end`.
                    await asyncio.gather(*work)
                finally:
                    await end(work)
        except SettingsError as error:
            # Its key is of the mode that the source does not have.
            await self._failed(name, Scope(asked.id, asked.account, asked.source.livemode), error)

    async def _catch_up(self, name: _Asked, tasks: AccountTasks) -> None:
        while True:
            try:
                await tasks.catch_up()
                self._has_asked = True
                self._refused.discard(name)
            except SubfoldError as error:
                await self._failed(name, tasks.account.scope, error)
            await asyncio.sleep(EVERY_S)

    async def _failed(self, name: _Asked, scope: Scope, error: SubfoldError) -> None:
        """Say it, and leave a trace; one that cannot be asked holds up no other."""
        log.warning("not_caught_up", account=str(scope), error=str(error))
        with suppress(BrokerError):
            at = int(time.time())
            await note_failure(scope, self._deployment, self._writer, reason=str(error), at=at)
        if isinstance(error, SettingsError):
            self._refused.add(name)
            is_vain = not self._has_asked and self._refused >= self._running.keys()
            if is_vain and not self._ended.done():
                self._ended.set_exception(error)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: Kafka's client swallows it while it closes."""
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=CANCEL_AGAIN_S)


async def _look_after(tasks: AccountTasks) -> None:
    while True:
        try:
            await tasks.heal_gap()
            await tasks.check_daily()
        except SubfoldError as error:
            log.warning("not_checked", account=str(tasks.account.scope), error=str(error))
        await asyncio.sleep(EVERY_S)


def _publish(states: Mapping[str, bytes], now: int) -> None:
    """Tell what is proved, also where the last cycle came to nothing."""
    for key, data in states.items():
        account, _, task = key.rpartition("/")
        if task == catch_up.TASK:
            caught = read_state(CatchUpState, data)
            metrics.caught_up_until.labels(account).set(caught.complete_until)
        elif task == reconcile.TASK:
            state = read_state(ReconcileState, data)
            metrics.drift_open.labels(account).set(state.drift_open)
            metrics.drift_found_24h.labels(account).set(state.drift_found_24h(now))
            metrics.last_check_broken.labels(account).set(state.failed_at is not None)
            age_s = state.oldest_unverified_age_s(now)
            if age_s is not None and state.last_full_check_at is not None:
                metrics.oldest_unverified_age_seconds.labels(account).set(age_s)
                metrics.last_full_check_at.labels(account).set(state.last_full_check_at)
