"""Compares all that Stripe has with the rows, and appends repairs to the log for what differs.

What differs at first may be on its way: it is looked at again, object and row, when webhooks and
worker have had time, and only what differs still is drift. A check that breaks off proves nothing,
and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from schemas.records import Kind
from streams.log.records import read_log_record
from streams.settings import Deployment
from streams.source.drift import Drift, drift_of
from streams.source.fetched import fetched_record, owner_of
from streams.source.lists import LISTS, Listed
from streams.source.log_writer import LogWriter, Outgoing
from streams.source.opened import Opened
from streams.source.proved import DAY_S, Found, ReconcileState
from streams.source.stored_rows import (
    StoredRows,
    Unlisted,
    rows_when_folded,
    stored_rows,
    unlisted,
)
from streams.source.stripe_api import Fields, GoneError, StripeError
from streams.source.terms import Terms

TASK = "reconcile"
SETTLE_S = 60
CHECKED = LISTS[0], LISTS[1]
"""Customers and subscriptions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check has come to: objects looked at, and what drifts.

    `since`: it began to after the last whole check, which was then; None where there was none.
    """

    objects: int
    since: int | None
    drifts: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True)
class _Suspect:
    """An object that a row does not seem to have as Stripe has it, and when it was fetched."""

    listed: Listed
    thing: Fields
    customer: str
    fetched_at: int


class Reconcile:
    """One check of one account.

    Args:
        account: Is asked.
        deployment: Where rows and log are.
        writer: Takes the repairs.
        state: What was proved before.
        connected_at: Since when events come by themselves: what began later and was missed is
            growth, and not what was there already.
    """

    def __init__(
        self,
        account: Opened,
        deployment: Deployment,
        writer: LogWriter,
        state: ReconcileState,
        connected_at: int | None,
    ) -> None:
        self._account = account
        self._deployment = deployment
        self._writer = writer
        self._connected_at = connected_at
        self._terms = Terms(account.api)
        self.state = state

    async def run(
        self,
        *,
        repairs: bool,
        settle_s: int = SETTLE_S,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Checked:
        """Check everything once.

        Args:
            repairs: Whether to append what mends it.
            settle_s: How long webhooks and worker have, before what differs is looked at again.
            progress: Told how many objects were compared.

        Raises:
            StripeError: Stripe cannot be asked; then nothing is proved.
            BrokerError: Kafka does not answer; the same.
        """
        begun_at = await self._account.api.now()
        repaired = 0
        drifts: list[Drift] = []
        try:
            objects, suspects = await self._compared(progress, drifts)
            if suspects:
                await asyncio.sleep(settle_s)
                table = await rows_when_folded(self._deployment, self._account.scope)
                for suspect in suspects:
                    drift = await self._drift(suspect, table)
                    if drift is None:
                        continue
                    drifts.append(drift)
                    if repairs and drift.is_foldable:
                        repaired += await self._repair(suspect)
        except BaseException:
            self.state.failed_at = begun_at
            await self._keep()
            raise
        since = self.state.last_full_check_at
        self._note(begun_at, drifts, repaired)
        await self._keep()
        return Checked(objects=objects, since=since, drifts=tuple(drifts))

    async def _compared(
        self, progress: Callable[[int], None], drifts: list[Drift]
    ) -> tuple[int, list[_Suspect]]:
        """Look at everything once; what seems to differ is only suspected.

        What Stripe knows nothing of any more is added to `drifts`: nothing can mend that.
        """
        table, objects = await stored_rows(self._deployment, self._account.scope), 0
        suspects: list[_Suspect] = []
        seen: set[str] = set()
        for listed in CHECKED:
            call = listed.service(self._account.api.client.v1).list_async
            async for page in self._account.api.pages(call, listed.params):
                seen |= {thing["id"] for thing in page.objects}
                looked_at = [
                    _Suspect(listed, thing, owner, page.fetched_at)
                    for thing in page.objects
                    if (owner := owner_of(thing)) is not None
                ]
                suspects += [each for each in looked_at if await self._drift(each, table)]
                objects += len(page.objects)
                progress(objects)
        if table.rows and not any(subject.rpartition("/")[2] in seen for subject in table.rows):
            raise StripeError(
                f"Stripe lists none of the {len(table.rows)} customers that have rows: the API key "
                "is of another account, or its test data were deleted"
            )
        for missing in unlisted(table, seen):
            found = await self._unlisted(missing)
            if isinstance(found, Drift):
                drifts.append(found)
            else:
                suspects.append(found)
        return objects, suspects

    async def _unlisted(self, missing: Unlisted) -> _Suspect | Drift:
        """What became of something that is not listed."""
        listed = CHECKED[0] if missing.kind == "customer" else CHECKED[1]
        fetched_at = await self._account.api.now()
        try:
            thing = await self._fetch(listed, missing.id)
        except GoneError:
            subject = f"{self._account.scope}/{missing.customer}"
            fields = ("gone at Stripe",)
            return Drift(subject=subject, object=missing.id, fields=fields, is_foldable=False)
        return _Suspect(listed, thing, missing.customer, fetched_at)

    async def _fetch(self, listed: Listed, id_: str) -> Fields:
        expand = [each.removeprefix("data.") for each in listed.params["expand"]]
        call = listed.service(self._account.api.client.v1).retrieve_async
        return await self._account.api.retrieve(call, id_, {"expand": expand})

    async def _drift(self, suspect: _Suspect, table: StoredRows) -> Drift | None:
        for record in await self._records(suspect):
            row, settings = table.get(record.key)
            read = read_log_record(
                key=record.key.encode(),
                value=record.value,
                headers=list(record.headers),
                partition=0,
                offset=0,
                timestamp_ms=suspect.fetched_at * 1000,
            )
            drift = drift_of(row, read, suspect.thing["id"], suspect.fetched_at, settings)
            if drift:
                return drift
        return None

    async def _repair(self, suspect: _Suspect) -> int:
        """Append the object as it is now; how many records that took."""
        fetched_at = await self._account.api.now()
        thing = suspect.thing
        with suppress(GoneError):
            thing = await self._fetch(suspect.listed, thing["id"])
        records = await self._records(replace(suspect, thing=thing, fetched_at=fetched_at))
        await self._writer.append(records)
        return len(records)

    async def _records(self, suspect: _Suspect) -> list[Outgoing]:
        """What would mend a row: the object, and the terms that it needs."""
        missing = await self._terms.missing_in(suspect.thing)
        return [
            fetched_record(
                each,
                customer=suspect.customer,
                kind=Kind.REPAIR,
                scope=self._account.scope,
                fetched_at=suspect.fetched_at,
                connected_at=self._connected_at,
            )
            for each in (*missing, suspect.thing)
        ]

    def _note(self, begun_at: int, drifts: Sequence[Drift], repairs: int) -> None:
        customers = len({each.subject for each in drifts})
        self.state.last_full_check_at = begun_at
        self.state.failed_at = None
        self.state.drift_open = customers
        recent = [each for each in self.state.found if each.at > begun_at - DAY_S]
        if customers:
            recent.append(Found(at=begun_at, customers=customers, repairs=repairs))
        self.state.found = recent

    async def _keep(self) -> None:
        await self._writer.keep(f"{self._account.scope}/{TASK}", self.state)
