"""Reads rows and changes of terms as they come, and has the accounts that they are of enriched.

Rows are read from the beginning of their topics, which are compacted; the log from where the last
run came to, and at the first run from its end: back-fill and checks have seen what was before.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import orjson
import structlog
from aiokafka import ConsumerRecord, TopicPartition
from pydantic import BaseModel, ValidationError

from schemas.customer_row import CustomerRow
from schemas.errors import SettingsError, SubfoldError
from schemas.wire.events import Event, unwrap
from streams.log.admin import count_partitions
from streams.log.committed import Committed, Progress, committed, places_of, untold
from streams.log.topics import CUSTOMERS, LOG, SOURCES, TEST
from streams.settings import Deployment, Kafka, Source
from streams.source import backfill
from streams.source.backfill import BackfillState
from streams.source.concerned import Concerned
from streams.source.enrich import Done, Enricher
from streams.source.enriched_accounts import UNKNOWN, Accounts
from streams.source.log_writer import LogWriter, kept, log_writer, read_state
from streams.source.stripe_api import StripeError
from streams.source.wanted import Object

CLIENT = "subfold-enrich"
STATE = "enrich"
"""Key of the state: of no account, as each partition of the log has records of all."""
KEEP_EVERY_S = 60
SETTLE_S = 3.0
"""`StripeApi.now` is behind by less: what is asked then is newer than what the rows had seen."""
KINDS = {"coupon": "coupon", "plan": "price", "price": "price", "product": "product"}
"""First word of an event's type, and which kind of object it tells of."""

log = structlog.get_logger()


class EnrichState(BaseModel):
    """By partition of the log, the offset up to which changes were seen to."""

    positions: dict[int, int] = {}


@dataclass(slots=True, kw_only=True)
class Looked:
    """What a look at one account came to.

    `lacking`: customers who lacked something; `in_vain`: those whom Stripe does not give it.
    `unasked`: why the account cannot be asked; `failed`: what to try again.
    """

    lacking: int
    in_vain: int = 0
    done: Done = field(default_factory=Done)
    unasked: str | None = None
    failed: SubfoldError | None = None


class Enriching:
    """Looks at what is new in the topics.

    Args:
        reader: Reads them.
        writer: Takes what Stripe says.
        accounts: Are asked.
        starts: Where each partition of the topics is read from.
        log_topic: Which of them is the log.
    """

    def __init__(
        self,
        reader: Committed,
        writer: LogWriter,
        accounts: Accounts,
        starts: dict[TopicPartition, int],
        log_topic: str,
    ) -> None:
        self._reader, self._writer, self._accounts = reader, writer, accounts
        self._positions, self._log_topic = starts, log_topic
        self._seen_to, self._kept = self._state(), EnrichState()
        self._keep_at = asyncio.get_running_loop().time() + KEEP_EVERY_S
        self._concerned: defaultdict[str, Concerned] = defaultdict(Concerned)
        self._changes: defaultdict[str, dict[Object, int]] = defaultdict(dict)
        self._connected_at: dict[str, int] = {}
        self._enrichers: dict[str, Enricher] = {}
        self._said: set[str] = set()

    async def look(self, progress: Progress = untold) -> dict[str, Looked]:
        """Read on to now, and append what is lacking; by account.

        Raises:
            BrokerError: Kafka does not answer.
        """
        ends = await self._reader.ends(self._positions)
        async for record in self._reader.read(self._positions, ends, progress):
            self._take(record)
        self._positions = ends
        for scope in self._changes.keys() - self._concerned.keys():
            del self._changes[scope]  # nobody is concerned
        if any(self._changes.values()) or any(each.due() for each in self._concerned.values()):
            await asyncio.sleep(SETTLE_S)
        looked = {scope: await self._enrich(scope) for scope in sorted(self._concerned)}
        if not any(self._changes.values()):
            self._seen_to = self._state()
        if asyncio.get_running_loop().time() >= self._keep_at:
            await self.keep()
        return looked

    def use_keys(self, sources: dict[str, Source]) -> None:
        """Ask with other keys where sources have them; what was refused is asked for once more."""
        changed = self._accounts.use(sources)
        for scope in [each for each in self._concerned if each.partition("/")[0] in changed]:
            self._enrichers.pop(scope, None)
            self._said.discard(scope)
            self._concerned[scope].ask_again()

    async def keep(self) -> None:
        """Write down how far it is.

        Raises:
            BrokerError: Kafka does not take it.
        """
        self._keep_at = asyncio.get_running_loop().time() + KEEP_EVERY_S
        if self._seen_to != self._kept:
            await self._writer.keep(STATE, self._seen_to)
            self._kept = self._seen_to

    def _state(self) -> EnrichState:
        return EnrichState(
            positions={
                place.partition: at
                for place, at in self._positions.items()
                if place.topic == self._log_topic
            }
        )

    async def _enrich(self, scope: str) -> Looked:
        concerned, changes = self._concerned[scope], self._changes[scope]
        looked = Looked(lacking=sum(1 for _ in concerned.wanting()))
        try:
            enricher = await self._enricher(scope)
        except SettingsError as error:
            changes.clear()
            looked.unasked = str(error)
            self._say_unasked(scope, looked)
            return looked
        except StripeError as error:
            looked.failed = error
            return looked
        enricher.connected_at = self._connected_at.get(scope)
        try:
            looked.done = await enricher.enrich(changes)
        except (SettingsError, StripeError) as error:
            looked.failed = error
        looked.in_vain = concerned.in_vain()
        return looked

    async def _enricher(self, scope: str) -> Enricher:
        if scope not in self._enrichers:
            account = await self._accounts.get(scope)
            self._enrichers[scope] = Enricher(account, self._writer, self._concerned[scope])
        return self._enrichers[scope]

    def _say_unasked(self, scope: str, looked: Looked) -> None:
        if looked.lacking and scope not in self._said:
            self._said.add(scope)
            log.warning(
                "mrr_stays_unknown",
                account=scope,
                customers=looked.lacking,
                reason=looked.unasked,
                consequence=UNKNOWN,
            )

    def _take(self, record: ConsumerRecord) -> None:
        key = (record.key or b"").decode()
        if record.topic == self._log_topic:
            self._take_event(key, record)
        elif record.topic.endswith(SOURCES):
            scope, _, task = key.rpartition("/")
            if task == backfill.TASK:
                state = read_state(BackfillState, record.value)
                self._connected_at[scope] = state.connected_at
        else:
            self._concerned[key.rpartition("/")[0]].note(key, _row(key, record.value))

    def _take_event(self, key: str, record: ConsumerRecord) -> None:
        headers = dict(record.headers)
        word = headers.get("event_type", b"").decode().partition(".")[0]
        if word not in KINDS or headers.get("foreign"):
            return
        try:
            event = Event.model_validate(unwrap(orjson.loads(record.value)))
            thing = Object(KINDS[word], str(event.data.object["id"]))
        except (ValueError, KeyError):
            return  # the fold has a dead letter for it
        changes = self._changes["/".join(key.split("/")[:3])]
        changes[thing] = max(event.created, changes.get(thing, 0))


def _row(subject: str, value: bytes | None) -> CustomerRow | None:
    try:
        return CustomerRow.model_validate_json(value) if value else None
    except ValidationError as error:
        raise SubfoldError(
            f"the row of {subject} is of another release: run the worker of this one, and "
            "`subfold replay --activate` if that is the newer"
        ) from error


@asynccontextmanager
async def enriching(deployment: Deployment) -> AsyncIterator[Enriching]:
    """Connect to Kafka and Stripe; what was seen to is kept at the end.

    Raises:
        SettingsError: No source can be asked; the text says why of each.
        StripeError: Stripe cannot be asked.
        BrokerError: Kafka cannot be used.
    """
    async with AsyncExitStack() as opening:
        accounts = Accounts(deployment.sources, opening)
        await accounts.open_sources()
        state = read_state(EnrichState, (await kept(deployment.kafka)).get(STATE))
        writer = await opening.enter_async_context(log_writer(deployment.kafka))
        reader = await opening.enter_async_context(committed(deployment.kafka, client_id=CLIENT))
        starts = await _starts(deployment.kafka, reader, state)
        log_topic = deployment.kafka.prefix + LOG
        work = Enriching(reader, writer, accounts, starts, log_topic)
        try:
            yield work
        finally:
            await work.keep()


async def _starts(kafka: Kafka, reader: Committed, state: EnrichState) -> dict[TopicPartition, int]:
    starts: dict[TopicPartition, int] = {}
    for topic in (CUSTOMERS, TEST + CUSTOMERS, SOURCES):
        places = places_of(kafka, topic, range(await count_partitions(kafka, topic)))
        starts |= await reader.begins(places)
    places = places_of(kafka, LOG, range(await count_partitions(kafka, LOG)))
    for place, end in (await reader.ends(places)).items():
        starts[place] = min(state.positions.get(place.partition, end), end)
    return starts
