"""Fetches events that no webhook brought: what Stripe lists since the last complete point.

In windows of time, the oldest first; each is complete when the log has all of it, and the next one
overlaps it, for Stripe may list an event a little after its second. Events of the last moments are
left to their webhooks. An id that the log has already is not appended again; one that comes by both
ways all the same is a duplicate to the fold.

Source: Stripe API reference, "List all events": thirty days, newest first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import orjson
from pydantic import BaseModel

from schemas.records import Kind
from streams.fold.event_types import EVENT_TYPES
from streams.ingest.keys import read_envelope
from streams.log.records import log_headers
from streams.log.seen import Seen
from streams.settings import Kafka
from streams.source.fetched import Scope
from streams.source.log_writer import LogWriter, Outgoing
from streams.source.opened import Opened
from streams.source.stripe_api import Fields

TASK = "catch_up"
KEPT_S = 30 * 86_400
"""How long Stripe lists events."""
EDGE_S = 3_600
"""What is so near to falling out of Stripe's list may be gone before it was asked for."""
OVERLAP_S = 600
SETTLE_S = 60
"""So old an event must be, that its webhook has had its chance."""
WINDOW_S = 6 * 3_600


class Gap(BaseModel):
    """A time of which Stripe has no events any more, and when a back-fill had told the rest."""

    begins: int
    filled_at: int


class CatchUpState(BaseModel):
    """How far it is: all events of before `complete_until` are in the log.

    `gap_since`: events from there on are gone, for Stripe kept them no longer; a back-fill is to
    tell what they led to. `gaps` are those of which one has told: the state is known, and not how
    it came about. `failed_at`: since then it comes to nothing, `failure` says why; null once it
    has come to its end again.
    """

    complete_until: int = 0
    appended: int = 0
    gap_since: int | None = None
    gaps: list[Gap] = []
    failed_at: int | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Times of creation, both ends in it."""

    begins: int
    ends: int


class CatchUp:
    """Catches up with one account.

    Args:
        account: Is asked.
        kafka: Where the log is.
        writer: Takes what it lacks.
        state: How far it was.
        connected_at: Where it begins if it never was anywhere: what was before is no growth, and
            comes with the back-fill. None for now.
    """

    def __init__(
        self,
        account: Opened,
        kafka: Kafka,
        writer: LogWriter,
        state: CatchUpState,
        connected_at: int | None,
    ) -> None:
        self._account = account
        self._kafka = kafka
        self._writer = writer
        self._connected_at = connected_at
        self.state = state

    async def run(self, *, settle_s: int = SETTLE_S) -> AsyncIterator[CatchUpState]:
        """Go on to now; give the state after each window.

        Args:
            settle_s: Events that are younger are left to their webhooks.

        Raises:
            StripeError: Stripe cannot be asked.
            BrokerError: Kafka does not answer.
        """
        now = await self._account.api.now()
        kept_since = now - KEPT_S + EDGE_S
        if self.state.complete_until == 0:
            self.state.complete_until = max(self._connected_at or now - settle_s, kept_since)
            await self._keep()
        elif self.state.complete_until < kept_since:
            self.state.gap_since = self.state.gap_since or self.state.complete_until
            self.state.complete_until = kept_since
        begins = self.state.complete_until
        # A webhook comes after its event was made; the clocks may differ by a little.
        since_ms = (begins - 2 * OVERLAP_S) * 1000
        seen = Seen(self._kafka, self._account.scope.source, since_ms)
        for window in windows(begins, now - settle_s):
            await self._writer.append(await self._missing(window, seen))
            self.state.complete_until = window.ends
            await self._keep()
            yield self.state
        if self.state.failed_at is not None:
            self.state.failed_at = self.state.failure = None
            await self._keep()

    async def healed(self) -> None:
        """Note that a back-fill has told what the lost events led to.

        Raises:
            BrokerError: Kafka does not take it.
        """
        if self.state.gap_since is not None:
            at = await self._account.api.now()
            self.state.gaps.append(Gap(begins=self.state.gap_since, filled_at=at))
            self.state.gap_since = None
            await self._keep()

    async def _keep(self) -> None:
        await self._writer.keep(f"{self._account.scope}/{TASK}", self.state)

    async def _missing(self, window: Window, seen: Seen) -> list[Outgoing]:
        """Events of a window that the log lacks, the oldest first."""
        call = self._account.api.client.v1.events.list_async
        params = {"created": {"gte": window.begins, "lte": window.ends}}
        listed = [
            event
            async for page in self._account.api.pages(call, params)
            for event in page.objects
            if event["type"] in EVENT_TYPES
        ]
        if not listed:
            return []
        await seen.refresh()
        missing = [event for event in reversed(listed) if event["id"] not in seen.ids]
        self.state.appended += len(missing)
        at = await self._account.api.now()
        return list(_records(missing, self._account, at))


def windows(since: int, until: int) -> list[Window]:
    """Cut a time into windows, each beginning before the end of the last."""
    return [
        Window(begins=max(begins - OVERLAP_S, 0), ends=min(begins + WINDOW_S, until))
        for begins in range(since, until, WINDOW_S)
    ]


def _records(events: Iterable[Fields], account: Opened, at: int) -> Iterable[Outgoing]:
    scope: Scope = account.scope
    for event in events:
        # A webhook says whose event it is; a list leaves that to who asked.
        whole = event | ({"account": scope.account} if scope.account else {})
        body = orjson.dumps(whole)
        found = read_envelope(body, scope.source, account.asked.source)
        yield Outgoing(
            key=found.key,
            value=body,
            headers=log_headers(
                kind=Kind.BROADCAST if found.is_broadcast else Kind.CATCH_UP,
                source=scope.source,
                event_id=found.event_id,
                event_type=found.event_type,
                api_version=found.api_version,
                received_at_ms=at * 1000,
                foreign=found.foreign,
            ),
            is_broadcast=found.is_broadcast,
        )
