"""Keeps the log complete: catches up every minute, heals gaps by back-fill, checks every day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

import structlog

from schemas.errors import SettingsError, SubfoldError
from streams import metrics
from streams.settings import Deployment
from streams.source import backfill, catch_up, reconcile
from streams.source.backfill import Backfill, BackfillState
from streams.source.catch_up import CatchUp, CatchUpState
from streams.source.connect import connection_in
from streams.source.log_writer import LogWriter, kept, log_writer, read_state
from streams.source.opened import Asked, Opened, opened
from streams.source.reconcile import Reconcile, ReconcileState

EVERY_S = 60
CHECK_EVERY_S = 86_400

log = structlog.get_logger()


async def catch_up_with(
    account: Opened, deployment: Deployment, writer: LogWriter, *, settle_s: int
) -> CatchUpState:
    """Catch up with one account; where Stripe has the events no more, fetch what they led to.

    Raises:
        StripeError: Stripe cannot be asked.
        BrokerError: Kafka does not answer.
    """
    states, scope = await kept(deployment.kafka), account.scope
    work = CatchUp(
        account,
        deployment.kafka,
        writer,
        read_state(CatchUpState, states.get(f"{scope}/{catch_up.TASK}")),
    )
    async for _ in work.run(settle_s=settle_s):
        pass
    if work.state.gap_since is not None:
        log.warning("events_gone_at_stripe", account=str(scope), since=work.state.gap_since)
        state = read_state(BackfillState, states.get(f"{scope}/{backfill.TASK}"))
        filling = Backfill(account.api, writer, scope, state)
        await filling.begin(with_history=False, connected_at=connection_in(states, scope).since)
        async for _ in filling.run():
            pass
        await work.healed()
    return work.state


async def keep_up(
    deployment: Deployment, accounts: Iterable[Asked], stopping: asyncio.Event
) -> None:
    """Catch up with all accounts, and check them, until told to stop.

    Raises:
        SettingsError: A key is wrong; nothing heals that but other settings.
        BrokerError: Kafka cannot be reached at the start.
    """
    accounts = list(accounts)
    async with log_writer(deployment.kafka) as writer:
        while not stopping.is_set():
            for asked in accounts:
                await _keep_up_with(asked, deployment, writer)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), EVERY_S)


async def _keep_up_with(asked: Asked, deployment: Deployment, writer: LogWriter) -> None:
    try:
        async with opened(asked) as account:
            caught = await catch_up_with(account, deployment, writer, settle_s=catch_up.SETTLE_S)
            metrics.caught_up_until.labels(str(account.scope)).set(caught.complete_until)
            await _check_daily(account, deployment, writer)
    except SettingsError:
        raise
    except SubfoldError as error:
        log.warning("not_caught_up", source=asked.id, account=asked.account, error=str(error))


async def _check_daily(account: Opened, deployment: Deployment, writer: LogWriter) -> None:
    work = check_of(account, deployment, writer, await kept(deployment.kafka))
    age_s = work.state.oldest_unverified_age_s(await account.api.now())
    if age_s is None or age_s >= CHECK_EVERY_S:
        checked = await work.run(repairs=True)
        log.info(
            "reconciled",
            account=str(account.scope),
            objects=checked.objects,
            customers_repaired=work.state.drift_open,
        )
    _publish(str(account.scope), work.state, await account.api.now())


def _publish(account: str, state: ReconcileState, now: int) -> None:
    metrics.drift_open.labels(account).set(state.drift_open)
    metrics.drift_found_24h.labels(account).set(state.drift_found_24h(now))
    age_s = state.oldest_unverified_age_s(now)
    if age_s is not None and state.last_full_check_at is not None:
        metrics.oldest_unverified_age_seconds.labels(account).set(age_s)
        metrics.last_full_check_at.labels(account).set(state.last_full_check_at)


def check_of(
    account: Opened, deployment: Deployment, writer: LogWriter, states: Mapping[str, bytes]
) -> Reconcile:
    """The next check of an account."""
    filled = read_state(BackfillState, states.get(f"{account.scope}/{backfill.TASK}"))
    state = read_state(ReconcileState, states.get(f"{account.scope}/{reconcile.TASK}"))
    connected_at = connection_in(states, account.scope).since or filled.connected_at
    return Reconcile(account, deployment, writer, state, connected_at or None)
