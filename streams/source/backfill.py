"""Brings what was there before into the log: pages of Stripe's lists, as objects fetched at a time.

After each page that the log has, how far it is is kept, so that whoever is killed goes on there.
Events may come meanwhile: an object is as new as its page was asked for, and newer events win.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from pydantic import BaseModel

from schemas.records import Kind
from streams.source.fetched import Scope, fetched_record
from streams.source.lists import LISTS, Listed, lists_of
from streams.source.log_writer import LogWriter, Outgoing
from streams.source.read_lists import Reached, parts
from streams.source.stripe_api import Fields, ForbiddenError, Page, StripeApi
from streams.source.terms import Terms

HISTORY_S = 395 * 86_400
"""Thirteen months of invoices and payments, so that a year can be compared with the one before."""
TASK = "backfill"


class BackfillState(BaseModel):
    """How far a back-fill is. `connected_at`: since when events come by themselves.

    `history_since`: since when invoices and payments are fetched; None for none. `whole_since`: it
    is done again, and what the one before told, which was complete then, stands.
    """

    started_at: int = 0
    connected_at: int = 0
    completed_at: int | None = None
    whole_since: int | None = None
    began_at: int = 0
    history_since: int | None = None
    lists: dict[str, Reached] = {}

    @property
    def is_whole(self) -> bool:
        """Whether all that was there before is in the log."""
        return bool(self.completed_at or self.whole_since)

    @property
    def share(self) -> float:
        """About how much of what was there before is in the log."""
        return 1.0 if self.is_whole else self.progress

    @property
    def progress(self) -> float:
        """About how much is done: the lists go back in time, from now to the account's beginning.

        A list counts as far as the time that it has passed, and as much as it takes to read.
        """
        if self.completed_at:
            return 1.0
        lists = list(lists_of(with_history=self.history_since is not None))
        done = sum(each.weight * self._share_of(each) for each in lists)
        return done / sum(each.weight for each in lists)

    def lacks(self, *, with_history: bool) -> bool:
        """Whether a list is not in it: left out, refused, or not yet known to that release."""
        wanted = lists_of(with_history=with_history or self.history_since is not None)
        return any(each.name not in self.lists or each.name in self.refused for each in wanted)

    @property
    def refused(self) -> dict[str, str]:
        """Lists that the key may not read, and why."""
        return {name: each.refused for name, each in self.lists.items() if each.refused}

    def _share_of(self, listed: Listed) -> float:
        reached = self.lists.get(listed.name, Reached())
        if reached.is_done or reached.refused:
            return 1.0
        if listed.of_each is not None:
            there = self.lists.get(LISTS[0].name, Reached()).objects
            return min(reached.customers / max(there, 1), 0.99)
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
        self,
        *,
        history_s: int | None,
        connected_at: int = 0,
        not_before: int = 0,
        whole_since: int | None = None,
    ) -> None:
        """Start one, unless one is under way; what that was to leave out, or might not, is added.

        Args:
            history_s: Also invoices and payments, so far back; None for none.
            connected_at: Since when events come by themselves; 0 if nobody knows.
            not_before: One that was begun earlier does not count.
            whole_since: When one before was complete, if what that told still stands.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        state, now = self.state, await self._api.now()
        since = None if history_s is None else now - history_s
        lacks = state.lacks(with_history=history_s is not None)
        if state.started_at > not_before and (lacks or not state.completed_at):
            state.history_since = state.history_since or since
            state.completed_at = None
            for name in state.refused:
                state.lists[name].refused = None
        else:
            self.state = BackfillState(
                started_at=now,
                connected_at=connected_at or state.connected_at or now,
                began_at=await self._began_at(),
                history_since=since,
            )
        self.state.whole_since = whole_since
        await self._keep()

    async def run(self) -> AsyncIterator[BackfillState]:
        """Go on to the end; give the state after each page.

        What a row needs must be readable; history that the key may not read is left out, and
        `refused` says so.

        Raises:
            StripeError: Stripe cannot be asked.
            ForbiddenError: The key may not read what a row needs.
            BrokerError: Kafka does not take what it said.
        """
        for listed in lists_of(with_history=self.state.history_since is not None):
            if self.state.lists.setdefault(listed.name, Reached()).is_done:
                continue
            try:
                async for _ in self._read(listed):
                    yield self.state
            except ForbiddenError as error:
                if not listed.is_history:
                    raise
                self.state.lists[listed.name].refused = str(error)
        self.state.completed_at = await self._api.now()
        self.state.whole_since = None
        await self._keep()
        yield self.state

    async def _read(self, listed: Listed) -> AsyncIterator[None]:
        """Append a list from where it was left; the place is kept after each part."""
        begun = self.state.lists[listed.name]
        async for part in parts(self._api, listed, begun, self.state.history_since):
            await self._writer.append([each async for each in self._records(listed, part.pages)])
            self.state.lists[listed.name] = part.reached
            await self._keep()
            yield

    async def _began_at(self) -> int:
        """When the account was made; 0 where Stripe does not say."""
        try:
            account = await self._api.retrieve(self._api.client.v1.accounts.retrieve_current_async)
        except ForbiddenError:
            return 0
        return account.get("created") or 0

    async def _records(self, listed: Listed, pages: Iterable[Page]) -> AsyncIterator[Outgoing]:
        is_counted = listed.name in {"customers", "subscriptions"}
        for page in pages:
            for thing in page.objects:
                missing = await self._terms.missing_in(thing) if is_counted else ()
                # Terms first, or the list price would be told before the discount.
                for each in (*missing, thing):
                    yield self._record(each, listed.customer(thing), page.fetched_at)

    def _record(self, thing: Fields, customer: str | None, fetched_at: int) -> Outgoing:
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
