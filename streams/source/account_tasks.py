"""What is done with one account again and again, each task from where it was left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from streams.settings import Deployment
from streams.source import backfill, catch_up, reconcile
from streams.source.backfill import Backfill, BackfillState
from streams.source.catch_up import CatchUp, CatchUpState
from streams.source.connect import connection_in
from streams.source.fetched import Scope
from streams.source.log_writer import LogWriter, kept, read_state
from streams.source.opened import Opened
from streams.source.proved import ReconcileState
from streams.source.reconcile import Reconcile

CHECK_EVERY_S = 86_400
CHECK_AGAIN_S = 3_600
"""After a check that broke off."""
BEFORE_GAP_S = 60 * 86_400
"""How long an invoice may have been open when a gap began."""

log = structlog.get_logger()


class AccountTasks:
    """The tasks with one account.

    Args:
        account: Is asked.
        deployment: Where log and rows are.
        writer: Takes what Stripe says, and how far each task is.
    """

    def __init__(self, account: Opened, deployment: Deployment, writer: LogWriter) -> None:
        self.account = account
        self._deployment = deployment
        self._writer = writer
        # How far catching up is is read, changed and kept by one at a time.
        self._catching_up = asyncio.Lock()

    async def catch_up(self, *, settle_s: int = catch_up.SETTLE_S) -> CatchUpState:
        """Append the events that the log lacks.

        Raises:
            StripeError: Stripe cannot be asked.
            BrokerError: Kafka does not answer.
        """
        async with self._catching_up:
            work = self._catch_up(await kept(self._deployment.kafka))
            async for _ in work.run(settle_s=settle_s):
                pass
            return work.state

    async def heal_gap(self) -> CatchUpState | None:
        """Where Stripe has the events no more, fetch what they led to; None without a gap.

        Raises:
            StripeError: Stripe cannot be asked.
            BrokerError: Kafka does not answer.
        """
        states, scope = await kept(self._deployment.kafka), self.account.scope
        since = self._catch_up(states).state.gap_since
        if since is None:
            return None
        log.warning("events_gone_at_stripe", account=str(scope), since=since)
        filling = Backfill(self.account.api, self._writer, scope, filled_of(states, scope))
        now = await self.account.api.now()
        await filling.begin(
            # What was open before the gap may have been closed in it.
            history_s=now - since + BEFORE_GAP_S,
            connected_at=connection_in(states, scope).since,
            not_before=now - catch_up.KEPT_S,
        )
        async for _ in filling.run():
            pass
        for name, reason in filling.state.refused.items():
            log.warning("not_back_filled", account=str(scope), list=name, reason=reason)
        async with self._catching_up:
            work = self._catch_up(await kept(self._deployment.kafka))
            await work.healed()
            return work.state

    async def check_daily(self) -> None:
        """Check once a day, and repair; what was never back-filled differs anyway.

        Raises:
            SubfoldError: It broke off, and proves nothing.
        """
        states = await kept(self._deployment.kafka)
        work = self.check_of(states)
        now, failed_at = await self.account.api.now(), work.state.failed_at
        age_s = work.state.oldest_unverified_age_s(now)
        is_fresh = age_s is not None and age_s < CHECK_EVERY_S
        has_just_failed = failed_at is not None and now - failed_at < CHECK_AGAIN_S
        is_filled = filled_of(states, self.account.scope).is_whole
        if not is_filled or is_fresh or has_just_failed:
            return
        checked = await work.run(repairs=True)
        log.info(
            "reconciled",
            account=str(self.account.scope),
            objects=checked.objects,
            customers_repaired=work.state.drift_open,
        )

    def check_of(self, states: Mapping[str, bytes]) -> Reconcile:
        """The next check, after what was kept of the last one."""
        scope = self.account.scope
        state = read_state(ReconcileState, states.get(f"{scope}/{reconcile.TASK}"))
        since = _connected_at(states, scope)
        return Reconcile(self.account, self._deployment, self._writer, state, since)

    def _catch_up(self, states: Mapping[str, bytes]) -> CatchUp:
        scope = self.account.scope
        return CatchUp(
            self.account,
            self._deployment.kafka,
            self._writer,
            read_state(CatchUpState, states.get(f"{scope}/{catch_up.TASK}")),
            _connected_at(states, scope),
        )


async def note_failure(
    scope: Scope, deployment: Deployment, writer: LogWriter, *, reason: str, at: int
) -> None:
    """Keep since when an account is not caught up with, and why.

    Raises:
        BrokerError: Kafka does not answer.
    """
    key = f"{scope}/{catch_up.TASK}"
    state = read_state(CatchUpState, (await kept(deployment.kafka)).get(key))
    if state.failure != reason:
        state.failed_at = state.failed_at or at
        state.failure = reason
        await writer.keep(key, state)


def filled_of(states: Mapping[str, bytes], scope: Scope) -> BackfillState:
    """How far the back-fill of an account is."""
    return read_state(BackfillState, states.get(f"{scope}/{backfill.TASK}"))


def _connected_at(states: Mapping[str, bytes], scope: Scope) -> int | None:
    """Since when events come by themselves: the connection says it, or else the back-fill."""
    return connection_in(states, scope).since or filled_of(states, scope).connected_at or None
