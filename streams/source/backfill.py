"""Brings what was there before into the log: pages of Stripe's lists, as objects fetched at a time.

After each page that the log has, how far it is is kept, so that whoever is killed goes on there.
Events may come meanwhile: an object is as new as its page was asked for, and newer events win.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import BaseModel

from schemas.records import Kind
from streams.source.fetched import Scope, fetched_record
from streams.source.lists import Listed, lists_of
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
    """How far a back-fill is. `connected_at`: since when events come by themselves.

    `history_since`: since when invoices and payments are fetched; None for none.
    """

    started_at: int = 0
    connected_at: int = 0
    completed_at: int | None = None
    began_at: int = 0
    history_since: int | None = None
    lists: dict[str, Reached] = {}

    @property
    def share(self) -> float:
        """About how much is done: the lists go back in time, from now to the account's beginning.

        A list counts as far as the time that it has passed.
        """
        if self.completed_at:
            return 1.0
        names = [each.name for each in lists_of(with_history=self.history_since is not None)]
        return sum(self._share_of(name) for name in names) / len(names)

    def _share_of(self, name: str) -> float:
        reached = self.lists.get(name, Reached())
        if reached.is_done:
            return 1.0
        if reached.created is None or self.started_at <= self.began_at:
            return 0.0
        passed = (self.started_at - reached.created) / (self.started_at - self.began_at)
        return min(max(passed, 0.0), 0.99)


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

    async def begin(
        self, *, history_s: int | None, connected_at: int = 0, not_before: int = 0
    ) -> None:
        """Start one, unless one is under way; history that it was to leave out is added to it.

        Args:
            history_s: Also invoices and payments, so far back; None for none.
            connected_at: Since when events come by themselves; 0 if nobody knows.
            not_before: One that was begun earlier does not count.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        state, now = self.state, await self._api.now()
        since = None if history_s is None else now - history_s
        lacks_history = since is not None and state.history_since is None
        if state.started_at > not_before and (lacks_history or not state.completed_at):
            state.history_since = state.history_since or since
            state.completed_at = None
        else:
            self.state = BackfillState(
                started_at=now,
                connected_at=connected_at or state.connected_at or now,
                began_at=await self._began_at(),
                history_since=since,
            )
        await self._keep()

    async def run(self) -> AsyncIterator[BackfillState]:
        """Go on to the end; give the state after each page.

        Raises:
            StripeError: Stripe cannot be asked.
            BrokerError: Kafka does not take what it said.
        """
        for listed in lists_of(with_history=self.state.history_since is not None):
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
        created = {"gte": self.state.history_since} if listed.is_history else {}
        after = {"starting_after": reached.cursor} if reached.cursor else {}
        while True:
            try:
                params = {**listed.params, **({"created": created} if created else {}), **after}
                async for page in self._api.pages(call, params):
                    yield page
            except GoneError:
                # Its last object was deleted meanwhile: from the time of that one on, all of its
                # second again.
                created, after = {**created, "lte": reached.created}, {}
            else:
                return

    async def _records(self, listed: Listed, page: Page) -> AsyncIterator[Outgoing]:
        for thing in page.objects:
            customer = listed.customer(thing)
            if customer is None:
                continue
            is_counted = listed.name in {"customers", "subscriptions"}
            missing = await self._terms.missing_in(thing) if is_counted else ()
            # Terms first, or the list price would be told before the discount.
            for each in (*missing, thing):
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
