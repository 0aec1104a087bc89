"""Compares all that Stripe has with the rows, and appends repairs to the log for what differs.

What differs at first may be on its way: it is looked at again, object and row, when webhooks and
worker have had time, and only what differs still is drift. A check that breaks off proves nothing,
and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from pydantic import BaseModel

from schemas.records import Kind, Subject
from streams.log.records import read_log_record
from streams.settings import Deployment
from streams.source.backfill import LISTS
from streams.source.drift import Drift, drift_of
from streams.source.fetched import fetched_record
from streams.source.log_writer import LogWriter, Outgoing
from streams.source.opened import Opened
from streams.source.stored_rows import StoredRows, Suspect, stored_rows, unlisted
from streams.source.stripe_api import Fields, GoneError
from streams.source.terms import Terms

TASK = "reconcile"
SETTLE_S = 60
DAY_S = 86_400
CUSTOMERS, SUBSCRIPTIONS = LISTS[0], LISTS[1]


class Found(BaseModel):
    """What one check found: how many customers drifted, and how many repairs it appended."""

    at: int
    customers: int
    repairs: int


class ReconcileState(BaseModel):
    """What checks have proved. `drift_open`: customers whose repair no later check has confirmed.

    `last_full_check_at`: since that moment nothing is proved. `failed_at`: the last check broke off
    then; null when it came to its end.
    """

    last_full_check_at: int | None = None
    failed_at: int | None = None
    drift_open: int = 0
    found: list[Found] = []

    def drift_found_24h(self, at: int) -> int:
        """Customers that were found to differ in the last day."""
        return sum(each.customers for each in self.found if each.at > at - DAY_S)

    def oldest_unverified_age_s(self, at: int) -> int | None:
        """For how long nobody has looked; None when nobody ever has."""
        return None if self.last_full_check_at is None else at - self.last_full_check_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check has come to: objects looked at, and what drifts.

    `since`: it began to after the last whole check, which was then; None where there was none.
    """

    objects: int
    since: int | None
    drifts: tuple[Drift, ...] = ()


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
        try:
            objects, suspects = await self._compared(progress)
            drifts: list[tuple[Drift, list[Outgoing]]] = []
            if suspects:
                await asyncio.sleep(settle_s)
                drifts = [each async for each in self._confirmed(suspects)]
            if repairs:
                for _, records in drifts:
                    await self._writer.append(records)
        except BaseException:
            self.state.failed_at = begun_at
            await self._keep()
            raise
        since = self.state.last_full_check_at
        found = tuple(drift for drift, _ in drifts)
        self._note(begun_at, found, sum(len(records) for _, records in drifts) if repairs else 0)
        await self._keep()
        return Checked(objects=objects, since=since, drifts=found)

    async def _compared(self, progress: Callable[[int], None]) -> tuple[int, list[Suspect]]:
        """Look at everything once; what seems to differ is only suspected."""
        table, objects = await stored_rows(self._deployment, self._account.scope), 0
        suspects: list[Suspect] = []
        seen: set[str] = set()
        for kind, listed in (("customer", CUSTOMERS), ("subscription", SUBSCRIPTIONS)):
            call = listed.service(self._account.api.client.v1).list_async
            async for page in self._account.api.pages(call, listed.params):
                for thing in page.objects:
                    seen.add(thing["id"])
                    if await self._drift(thing, page.fetched_at, table):
                        suspects.append(Suspect(kind=kind, id=thing["id"]))
                objects += len(page.objects)
                progress(objects)
        suspects += unlisted(table, seen)
        return objects, suspects

    async def _confirmed(
        self, suspects: list[Suspect]
    ) -> AsyncIterator[tuple[Drift, list[Outgoing]]]:
        """Fetch each again, and look at its row as it is now."""
        table = await stored_rows(self._deployment, self._account.scope)
        for suspect in suspects:
            fetched_at = await self._account.api.now()
            thing = await self._fetch(suspect)
            if thing is None:
                continue
            drift = await self._drift(thing, fetched_at, table)
            if drift:
                yield drift, await self._repairs(thing, fetched_at)

    async def _fetch(self, suspect: Suspect) -> Fields | None:
        v1 = self._account.api.client.v1
        listed = CUSTOMERS if suspect.kind == "customer" else SUBSCRIPTIONS
        expand = [each.removeprefix("data.") for each in listed.params["expand"]]
        call = listed.service(v1).retrieve_async
        try:
            return await self._account.api.retrieve(call, suspect.id, {"expand": expand})
        except GoneError:
            return None

    async def _drift(self, thing: Fields, fetched_at: int, table: StoredRows) -> Drift | None:
        for record in await self._repairs(thing, fetched_at):
            row, settings = table.get(record.key)
            read = read_log_record(
                key=record.key.encode(),
                value=record.value,
                headers=list(record.headers),
                partition=0,
                offset=0,
                timestamp_ms=fetched_at * 1000,
            )
            drift = drift_of(row, read, thing["id"], fetched_at, settings)
            if drift:
                return drift
        return None

    async def _repairs(self, thing: Fields, fetched_at: int) -> list[Outgoing]:
        """What would mend a row: the object, and the terms that it needs."""
        missing = await self._terms.missing_in(thing)
        customer = Subject(*self._subject(thing).split("/")).customer
        return [
            fetched_record(
                each,
                customer=customer,
                kind=Kind.REPAIR,
                scope=self._account.scope,
                fetched_at=fetched_at,
                connected_at=self._connected_at,
            )
            for each in (thing, *missing)
        ]

    def _subject(self, thing: Fields) -> str:
        owner = thing["id"] if thing["object"] == "customer" else thing["customer"]
        return f"{self._account.scope}/{owner['id'] if isinstance(owner, dict) else owner}"

    def _note(self, begun_at: int, drifts: tuple[Drift, ...], repairs: int) -> None:
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
