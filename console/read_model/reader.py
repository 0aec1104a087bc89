"""Reads all topics into the read model, and goes on reading: a consumer without a group.

Where it has come to stands in the database, in the transaction of what was read: killed anywhere,
it goes on there, and a second reader of the same database does no harm.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console.read_model.database import belong_to, make_anew, writing
from console.read_model.positions import (
    Move,
    OvertakenError,
    Place,
    read_positions,
    say,
    tidy,
    write_batch,
)
from console.read_model.topics import consuming, look, record_of
from schemas.errors import BrokerError
from streams.settings import Deployment

BATCH = 4_000
POLL_MS = 1_000
SEEN_EVERY_S = 5
TIDY_EVERY_S = 86_400
RETRY_S = 2
SHORTER_TRIES = 10
SHORTER_S = 0.5
"""A broker that has just come up may show a topic shorter than it is, for a moment."""

log = structlog.get_logger()


@dataclass(slots=True)
class Progress:
    """How far the reader is.

    Attributes:
        positions: The next offset of each partition.
        ends: Where each partition ends, as far as Kafka has said.
        fault: What keeps it from reading at the moment.
    """

    positions: dict[Place, int] = field(default_factory=dict)
    ends: dict[Place, int] = field(default_factory=dict)
    fault: str | None = None

    @property
    def is_caught_up(self) -> bool:
        """Whether all is read that Kafka has said to be there."""
        return bool(self.positions) and all(
            place in self.ends and at >= self.ends[place] for place, at in self.positions.items()
        )

    def lag(self) -> dict[str, int]:
        """How many offsets are left, by topic."""
        left = dict.fromkeys((place.topic for place in self.positions), 0)
        for place, at in self.positions.items():
            left[place.topic] += max(0, self.ends.get(place, at) - at)
        return left


class Reader:
    """Keeps a read model up to date.

    Args:
        deployment: Where Kafka is, and what the worker is called.
        engine: As `open_read_model` gave it.
        clock: Unix seconds now.
    """

    def __init__(self, deployment: Deployment, engine: Engine, clock: Callable[[], float]) -> None:
        self._deployment = deployment
        self._engine = engine
        self._clock = clock
        self._known: dict[Place, int] = {}
        self._said_at = 0.0
        self._tidied_at = -math.inf
        self.progress = Progress()

    async def run(self) -> None:
        """Read for ever. What is away for a time is waited for; cancel it to end it.

        Raises:
            SubfoldError: A newer release wrote what is read, or the settings are wrong.
        """
        while True:
            try:
                await self._read(until_caught_up=False)
            except OvertakenError:
                log.info("read_model_moved")
            except (BrokerError, KafkaError, SQLAlchemyError, OSError) as error:
                self.progress.fault = _told(error)
                log.warning("read_model_waits", reason=self.progress.fault)
                await asyncio.sleep(RETRY_S)

    async def catch_up(self) -> None:
        """Read all that is there now.

        Raises:
            BrokerError: Kafka cannot be used.
            SubfoldError: As `run`.
        """
        while True:
            try:
                return await self._read(until_caught_up=True)
            except OvertakenError:
                log.info("read_model_moved")

    async def _read(self, *, until_caught_up: bool) -> None:
        kafka = self._deployment.kafka
        cluster, places = await look(self._deployment)
        identity = f"{cluster}/{kafka.prefix}{self._deployment.worker.application}"
        if not await asyncio.to_thread(belong_to, self._engine, identity):
            log.warning("read_model_made_anew", reason="it was made of another cluster")
        async with consuming(self._deployment) as consumer:
            consumer.assign(list(places.values()))
            await self._begin(consumer, places)
            while not (until_caught_up and self.progress.is_caught_up):
                await self._take(consumer, places)
                await self._say()

    async def _begin(
        self, consumer: AIOKafkaConsumer, places: Mapping[Place, TopicPartition]
    ) -> None:
        """Go to where the database is; of topics that are shorter than that it is made anew."""
        self._known = await asyncio.to_thread(read_positions, self._engine)
        shorter = await self._shorter(consumer, places)
        if shorter:
            log.warning("read_model_made_anew", reason=f"topic {shorter[0].topic} is another one")
            await asyncio.to_thread(_make_anew, self._engine)
            raise OvertakenError
        begins = await consumer.beginning_offsets(list(places.values()))
        self.progress.ends = {}
        self.progress.positions = {
            place: max(self._known.get(place, 0), begins[there]) for place, there in places.items()
        }
        for place, at in self.progress.positions.items():
            consumer.seek(places[place], at)

    async def _shorter(
        self, consumer: AIOKafkaConsumer, places: Mapping[Place, TopicPartition]
    ) -> list[Place]:
        """Partitions that end before where they were read to."""
        shorter: list[Place] = []
        for _ in range(SHORTER_TRIES):
            ends = await consumer.end_offsets(list(places.values()))
            shorter = [
                place
                for place, at in self._known.items()
                if place not in places or at > ends[places[place]]
            ]
            if not shorter:
                break
            await asyncio.sleep(SHORTER_S)
        return shorter

    async def _take(
        self, consumer: AIOKafkaConsumer, places: Mapping[Place, TopicPartition]
    ) -> None:
        """Read what comes next, and write it."""
        batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH)
        names = {there: place.topic for place, there in places.items()}
        records = [record_of(names[there], each) for there in batches for each in batches[there]]
        now_at = {place: await consumer.position(there) for place, there in places.items()}
        ends = {place: consumer.highwater(there) for place, there in places.items()}
        moves = {
            place: Move(self._known.get(place), at, ends[place])
            for place, at in now_at.items()
            if at != self._known.get(place)
        }
        if moves:
            now = int(self._clock())
            if await asyncio.to_thread(write_batch, self._engine, records, moves, now=now):
                raise OvertakenError
        self._known = self.progress.positions = now_at
        self.progress.ends = {place: end for place, end in ends.items() if end is not None}
        self.progress.fault = None

    async def _say(self) -> None:
        """Tell how fresh the read model is, now and then; and each day let it count what it has."""
        now, is_caught_up = self._clock(), self.progress.is_caught_up
        if is_caught_up and now - self._tidied_at >= TIDY_EVERY_S:
            self._tidied_at = now
            await asyncio.to_thread(tidy, self._engine)
        if now - self._said_at >= SEEN_EVERY_S:
            self._said_at = now
            words = {"seen_at": int(now)} | ({"caught_up_at": int(now)} if is_caught_up else {})
            await asyncio.to_thread(_write_words, self._engine, words)


def _make_anew(engine: Engine) -> None:
    with writing(engine) as connection:
        make_anew(connection)


def _write_words(engine: Engine, words: Mapping[str, int]) -> None:
    with writing(engine) as connection:
        say(connection, **words)


def _told(error: Exception) -> str:
    """What is wrong, without what a statement carried."""
    if isinstance(error, DBAPIError):
        return f"the database cannot be used: {error.orig}"
    return str(error)
