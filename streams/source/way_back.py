"""Whether events come back: from Stripe, through the door, into the log.

In test mode a test clock is made and deleted, of which Stripe tells by an event, and nothing else
in the account changes. In live mode nothing is ever written: the next event that happens by itself
is waited for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord, TopicPartition

from schemas.records import NO_CUSTOMER, Kind
from streams.log.admin import count_log_partitions
from streams.log.committed import Committed, committed, places_of
from streams.log.topics import LOG
from streams.settings import Kafka
from streams.source.fetched import Scope
from streams.source.stripe_api import ForbiddenError, StripeApi

CLIENT = "subfold-connect"
POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came back: whether an event of the version that was waited for did, and of which others.

    `is_provoked`: an event was made for it, so that silence means that something is wrong.
    """

    is_verified: bool
    is_provoked: bool
    others: frozenset[str]


@dataclass(slots=True, kw_only=True)
class _Listener:
    """Reads what is new in the log."""

    reader: Committed
    places: list[TopicPartition]
    positions: dict[TopicPartition, int]
    others: set[str] = field(default_factory=set)

    async def until(self, scope: Scope, clock: str | None, version: str | None) -> None:
        while True:
            ends = await self.reader.ends(self.places)
            async for record in self.reader.read(self.positions, ends):
                came_in = _version(record, scope, clock)
                if came_in is not None and version in {None, came_in}:
                    return
                if came_in is not None:
                    self.others.add(came_in)
            self.positions = ends
            await asyncio.sleep(POLL_S)


async def heard(
    api: StripeApi, kafka: Kafka, scope: Scope, *, version: str | None, wait_s: float
) -> Heard:
    """Wait for an event of this account in that version, or in any.

    Raises:
        StripeError: Stripe cannot be asked.
        BrokerError: Kafka cannot be used.
    """
    places = places_of(kafka, LOG, range(await count_log_partitions(kafka)))
    async with committed(kafka, client_id=CLIENT) as reader:
        listener = _Listener(reader=reader, places=places, positions=await reader.ends(places))
        clock = None if api.livemode else await _provoked(api)
        try:
            await asyncio.wait_for(listener.until(scope, clock, version), wait_s)
            is_verified = True
        except TimeoutError:
            is_verified = False
    return Heard(
        is_verified=is_verified,
        is_provoked=clock is not None,
        others=frozenset(listener.others),
    )


async def _provoked(api: StripeApi) -> str | None:
    """Make a test clock and delete it; its id, or None where the key may not."""
    clocks = api.client.v1.test_helpers.test_clocks
    words = {"frozen_time": await api.now(), "name": "subfold connect"}
    try:
        clock = await api.retrieve(clocks.create_async, words)
    except ForbiddenError:
        return None
    await api.retrieve(clocks.delete_async, clock["id"])
    return str(clock["id"])


def _version(record: ConsumerRecord, scope: Scope, clock: str | None) -> str | None:
    """The API version of a webhook's event that counts; None for all other records."""
    key, headers = (record.key or b"").decode(), dict(record.headers)
    kind = (headers.get("kind") or b"").decode()
    if clock is not None:
        is_it = kind == Kind.BROADCAST and key == f"{scope}/{NO_CUSTOMER}/{clock}"
    else:
        is_it = kind == Kind.WEBHOOK and key.startswith(f"{scope}/")
    return (headers.get("api_version") or b"").decode() if is_it else None
