"""Keeps the log complete: catches up every minute, heals gaps by back-fill, checks every day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import structlog

from schemas.errors import BrokerError, SettingsError, SubfoldError
from streams import metrics
from streams.settings import Deployment
from streams.source import backfill, catch_up, reconcile
from streams.source.backfill import Backfill, BackfillState
from streams.source.catch_up import CatchUp, CatchUpState
from streams.source.connect import connection_in
from streams.source.fetched import Scope
from streams.source.log_writer import LogWriter, kept, log_writer, read_state
from streams.source.opened import Asked, Opened, opened
from streams.source.proved import ReconcileState
from streams.source.reconcile import Reconcile

EVERY_S = 60
CHECK_EVERY_S = 86_400
CHECK_AGAIN_S = 3_600
"""After a check that broke off."""
BEFORE_GAP_S = 60 * 86_400
"""How long an invoice may have been open when a gap began."""

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
        _connected_at(states, scope),
    )
    async for _ in work.run(settle_s=settle_s):
        pass
    if work.state.gap_since is not None:
        log.warning("events_gone_at_stripe", account=str(scope), since=work.state.gap_since)
        filling = Backfill(account.api, writer, scope, _filled(states, scope))
        now = await account.api.now()
        await filling.begin(
            # What was open before the gap may have been closed in it.
            history_s=now - work.state.gap_since + BEFORE_GAP_S,
            connected_at=connection_in(states, scope).since,
            not_before=now - catch_up.KEPT_S,
        )
        async for _ in filling.run():
            pass
        await work.healed()
    return work.state


async def keep_up(deployment: Deployment, accounts: Callable[[], Iterable[Asked]]) -> None:
    """Catch up with all accounts, and check them, until cancelled.

    Args:
        deployment: Where Kafka is.
        accounts: Asked each time, for keys are pasted and taken away meanwhile.

    Raises:
        SettingsError: No account can be asked; nothing heals that but other settings.
        BrokerError: Kafka cannot be reached at the start.
    """
    async with log_writer(deployment.kafka) as writer:
        while True:
            refused = [await _keep_up_with(each, deployment, writer) for each in accounts()]
            if all(refused):
                raise SettingsError(str(refused[0])) from refused[0]
            with suppress(BrokerError):
                _publish(await kept(deployment.kafka), int(time.time()))
            await asyncio.sleep(EVERY_S)


async def _keep_up_with(
    asked: Asked, deployment: Deployment, writer: LogWriter
) -> SettingsError | None:
    """Catch up with one; give what is wrong with its key, for that must not hold up the others."""
    try:
        async with opened(asked) as account:
            await catch_up_with(account, deployment, writer, settle_s=catch_up.SETTLE_S)
            await _check_daily(account, deployment, writer)
    except SettingsError as error:
        log.error("not_caught_up", source=asked.id, account=asked.account, error=str(error))  # noqa: TRY400 - it says all that there is
        return error
    except SubfoldError as error:
        log.warning("not_caught_up", source=asked.id, account=asked.account, error=str(error))
    return None


async def _check_daily(account: Opened, deployment: Deployment, writer: LogWriter) -> None:
    """Check once a day; what was never back-filled differs anyway."""
    states = await kept(deployment.kafka)
    work = check_of(account, deployment, writer, states)
    now, failed_at = await account.api.now(), work.state.failed_at
    age_s = work.state.oldest_unverified_age_s(now)
    is_fresh = age_s is not None and age_s < CHECK_EVERY_S
    has_just_failed = failed_at is not None and now - failed_at < CHECK_AGAIN_S
    if not _filled(states, account.scope).completed_at or is_fresh or has_just_failed:
        return
    checked = await work.run(repairs=True)
    log.info(
        "reconciled",
        account=str(account.scope),
        objects=checked.objects,
        customers_repaired=work.state.drift_open,
    )


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


def check_of(
    account: Opened, deployment: Deployment, writer: LogWriter, states: Mapping[str, bytes]
) -> Reconcile:
    """The next check of an account."""
    state = read_state(ReconcileState, states.get(f"{account.scope}/{reconcile.TASK}"))
    return Reconcile(account, deployment, writer, state, _connected_at(states, account.scope))


def _filled(states: Mapping[str, bytes], scope: Scope) -> BackfillState:
    return read_state(BackfillState, states.get(f"{scope}/{backfill.TASK}"))


def _connected_at(states: Mapping[str, bytes], scope: Scope) -> int | None:
    """Since when events come by themselves: the connection says it, or else the back-fill."""
    return connection_in(states, scope).since or _filled(states, scope).connected_at or None
