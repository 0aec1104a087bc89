"""Brings what was there before into the log: pages of Stripe's lists, as objects fetched at a time.

After each page that the log has, how far it is is kept, so that whoever is killed goes on there.
Events may come meanwhile: an object is as new as its page was asked for, and newer events win.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from schemas.records import Kind
from streams.source.fetched import Scope, fetched_record
from streams.source.log_writer import LogWriter, Outgoing
from streams.source.stripe_api import Fields, ForbiddenError, GoneError, Page, StripeApi
from streams.source.terms import Terms

HISTORY_S = 395 * 86_400
"""Thirteen months of invoices and payments, so that a year can be compared with the one before."""
TASK = "backfill"


class Reached(BaseModel):
    """How far one list is: its last object, when that was made, and how many there were."""

    cursor: str | None = None
    created: int | None = None
    objects: int = 0
    without_customer: int = 0
    is_done: bool = False


class BackfillState(BaseModel):
    """How far a back-fill is. `connected_at`: since when events come by themselves."""

    started_at: int = 0
    connected_at: int = 0
    completed_at: int | None = None
    began_at: int = 0
    with_history: bool = True
    lists: dict[str, Reached] = {}

    @property
    def share(self) -> float:
        """About how much is done: the lists go back in time, from now to the account's beginning.

        A list counts as far as the time that it has passed.
        """
        if self.completed_at:
            return 1.0
        names = [each.name for each in lists_of(with_history=self.with_history)]
        return sum(self._share_of(name) for name in names) / len(names)

    def _share_of(self, name: str) -> float:
        reached = self.lists.get(name, Reached())
        if reached.is_done:
            return 1.0
        if reached.created is None or self.started_at <= self.began_at:
            return 0.0
        passed = (self.started_at - reached.created) / (self.started_at - self.began_at)
        return min(max(passed, 0.0), 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One of Stripe's lists: how to ask, and whose an object of it is."""

    name: str
    service: Callable[[Any], Any]
    params: dict[str, Any]
    customer: Callable[[Fields], Any] = lambda thing: thing.get("customer")
    is_history: bool = False


LISTS = (
    Listed(
        name="customers",
        service=lambda v1: v1.customers,
        params={"expand": ["data.discount", "data.invoice_settings.default_payment_method"]},
        customer=lambda thing: thing["id"],
    ),
    Listed(
        name="subscriptions",
        service=lambda v1: v1.subscriptions,
        params={"status": "all", "expand": ["data.discounts", "data.default_payment_method"]},
    ),
    Listed(name="schedules", service=lambda v1: v1.subscription_schedules, params={}),
    Listed(name="open_invoices", service=lambda v1: v1.invoices, params={"status": "open"}),
    Listed(name="invoices", service=lambda v1: v1.invoices, params={}, is_history=True),
    Listed(name="charges", service=lambda v1: v1.charges, params={}, is_history=True),
    Listed(
        name="refunds",
        service=lambda v1: v1.refunds,
        params={"expand": ["data.charge"]},
        customer=lambda thing: (thing.get("charge") or {}).get("customer"),
        is_history=True,
    ),
    Listed(
        name="disputes",
        service=lambda v1: v1.disputes,
        params={"expand": ["data.charge"]},
        customer=lambda thing: (thing.get("charge") or {}).get("customer"),
        is_history=True,
    ),
)


def lists_of(*, with_history: bool) -> Iterator[Listed]:
    """The lists of a back-fill, in their order."""
    return (each for each in LISTS if with_history or not each.is_history)


class Backfill:
    """One back-fill of one account.

    Args:
        api: Asks Stripe.
        writer: Takes what it says.
        scope: Whose data it is.
        state: How far it was; it is written as it moves.
    """

    def __init__(
        self, api: StripeApi, writer: LogWriter, scope: Scope, state: BackfillState
    ) -> None:
        self._api = api
        self._writer = writer
        self._scope = scope
        self._terms = Terms(api)
        self.state = state

    async def begin(self, *, with_history: bool, connected_at: int = 0) -> None:
        """Start one, unless one is under way.

        Args:
            with_history: Also invoices and payments.
            connected_at: Since when events come by themselves; 0 if nobody knows.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        state = self.state
        if state.started_at and not state.completed_at:
            return
        now = await self._api.now()
        self.state = BackfillState(
            started_at=now,
            connected_at=connected_at or state.connected_at or now,
            began_at=await self._began_at(),
            with_history=with_history,
        )
        await self._keep()

    async def run(self) -> AsyncIterator[BackfillState]:
        """Go on to the end; give the state after each page.

        Raises:
            StripeError: Stripe cannot be asked.
            BrokerError: Kafka does not take what it said.
        """
        for listed in lists_of(with_history=self.state.with_history):
            reached = self.state.lists.setdefault(listed.name, Reached())
            if reached.is_done:
                continue
            async for page in self._pages(listed, reached):
                await self._writer.append([each async for each in self._records(listed, page)])
                _note(reached, listed, page)
                await self._keep()
                yield self.state
        self.state.completed_at = await self._api.now()
        await self._keep()
        yield self.state

    async def _began_at(self) -> int:
        """When the account was made; 0 where Stripe does not say."""
        try:
            account = await self._api.retrieve(self._api.client.v1.accounts.retrieve_current_async)
        except ForbiddenError:
            return 0
        return account.get("created") or 0

    async def _pages(self, listed: Listed, reached: Reached) -> AsyncIterator[Page]:
        call = listed.service(self._api.client.v1).list_async
        params = dict(listed.params)
        if listed.is_history:
            params["created"] = {"gte": self.state.started_at - HISTORY_S}
        after = {"starting_after": reached.cursor} if reached.cursor else {}
        try:
            async for page in self._api.pages(call, params | after):
                yield page
        except GoneError:
            # Its last object was deleted meanwhile: from the time of that one on, all of its
            # second again.
            created = {"lte": reached.created, **params.get("created", {})}
            async for page in self._api.pages(call, params | {"created": created}):
                yield page

    async def _records(self, listed: Listed, page: Page) -> AsyncIterator[Outgoing]:
        for thing in page.objects:
            customer = listed.customer(thing)
            customer = customer["id"] if isinstance(customer, dict) else customer
            if not customer:
                continue
            is_counted = listed.name in {"customers", "subscriptions"}
            missing = await self._terms.missing_in(thing) if is_counted else ()
            for each in (thing, *missing):
                yield self._record(each, customer, page.fetched_at)

    def _record(self, thing: Fields, customer: str, fetched_at: int) -> Outgoing:
        return fetched_record(
            thing,
            customer=customer,
            kind=Kind.BACK_FILL,
            scope=self._scope,
            fetched_at=fetched_at,
            connected_at=self.state.connected_at,
        )

    async def _keep(self) -> None:
        await self._writer.keep(f"{self._scope}/{TASK}", self.state)


def _note(reached: Reached, listed: Listed, page: Page) -> None:
    reached.objects += len(page.objects)
    reached.without_customer += sum(not listed.customer(each) for each in page.objects)
    reached.is_done = not page.has_more
    if page.objects:
        reached.cursor = page.objects[-1]["id"]
        reached.created = page.objects[-1].get("created")
