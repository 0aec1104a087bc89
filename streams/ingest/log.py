"""The door's hand on the log: one idempotent producer that comes up, fails and heals by itself.

A record counts as stored when Kafka has acknowledged it on all in-sync replicas, and not before.
"Not stored" may still turn out stored later, when the broker comes back and the record waits in
aiokafka's buffer: Stripe then sends the event again, and the fold knows it as a duplicate.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.errors import BrokerError
from streams.log.broadcast import write_to_each
from streams.log.client import connection
from streams.log.records import Headers
from streams.log.topics import LOG, LOG_BYTES_MAX
from streams.settings import Kafka

ACK_TIMEOUT_S = 4
START_TIMEOUT_S = 10
PROBE_EVERY_S = 2
RETRY_EVERY_S = 1
FLUSH_TIMEOUT_S = 5
REQUEST_TIMEOUT_MS = 5_000
BATCH_BYTES = 256 * 1024
"""Bound of what waits for a partition while a request is on its way; far below a topic's limit."""

log = structlog.get_logger()


class Log(Protocol):
    """Where the door puts what was validly signed."""

    async def append(self, *, key: str, value: bytes, headers: Headers) -> None:
        """Return when the record is stored.

        Raises:
            BrokerError: It is not, or not known to be.
        """

    async def broadcast(self, *, key: str, value: bytes, headers: Headers) -> None:
        """Return when the record is stored in every partition.

        Raises:
            BrokerError: At least one has it not, or is not known to have it.
        """

    @property
    def is_ready(self) -> bool:
        """Whether Kafka answered when last asked."""


class KafkaLog:
    """The log's topic on a cluster. `run` keeps the producer alive until it is cancelled."""

    def __init__(self, kafka: Kafka) -> None:
        self._topic = kafka.prefix + LOG
        self._connection = connection(kafka)
        self._producer: AIOKafkaProducer | None = None
        self._state: tuple[bool, str] = (False, "not_started")
        self._broken = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether Kafka answered when last asked."""
        return self._state[0]

    async def append(self, *, key: str, value: bytes, headers: Headers) -> None:
        """Return when all in-sync replicas have the record.

        Raises:
            BrokerError: Kafka refused it, or did not acknowledge it in time.
        """
        async with self._acknowledged() as producer:
            await producer.send_and_wait(self._topic, value, key=key.encode(), headers=headers)

    async def broadcast(self, *, key: str, value: bytes, headers: Headers) -> None:
        """Return when all in-sync replicas of every partition have the record.

        Raises:
            BrokerError: As `append`; some partitions may have it.
        """
        async with self._acknowledged() as producer:
            partitions = sorted(await producer.partitions_for(self._topic))
            await write_to_each(
                producer, self._topic, partitions, key=key.encode(), value=value, headers=headers
            )

    @asynccontextmanager
    async def _acknowledged(self) -> AsyncIterator[AIOKafkaProducer]:
        """The producer, for as long as an answer is waited for."""
        producer = self._producer
        if producer is None:
            raise BrokerError("Kafka has not answered yet")
        try:
            async with asyncio.timeout(ACK_TIMEOUT_S):
                yield producer
        except TimeoutError as error:
            raise BrokerError("Kafka did not acknowledge in time") from error
        except KafkaError as error:
            # A refused batch leaves a gap in the producer's sequence numbers, and the broker
            # refuses all that follows: only a new producer goes on.
            self._broken.set()
            raise BrokerError(f"Kafka refused the record: {type(error).__name__}") from error

    async def run(self) -> None:
        """Keep a producer, make a new one when it broke, and ask Kafka now and then."""
        while True:
            self._broken.clear()
            producer = AIOKafkaProducer(
                **self._connection,
                enable_idempotence=True,
                acks="all",
                max_batch_size=BATCH_BYTES,
                max_request_size=LOG_BYTES_MAX,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
            )
            try:
                await self._start(producer)
                self._producer = producer
                await self._watch(producer)
            except (KafkaError, aiohttp.ClientError, TimeoutError, OSError) as error:
                self._tell(is_ready=False, reason=type(error).__name__)
            finally:
                self._producer = None
                await _stop(producer)
            await asyncio.sleep(RETRY_EVERY_S)

    async def _start(self, producer: AIOKafkaProducer) -> None:
        async with asyncio.timeout(START_TIMEOUT_S):
            await producer.start()
        # Asked for all topics, not for ours: a broker that makes topics by itself would make it,
        # with one partition and a retention.
        while self._topic not in (await producer.client.fetch_all_metadata()).topics():
            self._tell(
                is_ready=False,
                reason="topic_missing",
                topic=self._topic,
                hint="run `subfold topics create`",
            )
            await asyncio.sleep(RETRY_EVERY_S)

    async def _watch(self, producer: AIOKafkaProducer) -> None:
        """Ask Kafka now and then; return when the producer can do no more."""
        while not self._broken.is_set():
            try:
                async with asyncio.timeout(PROBE_EVERY_S):
                    answered = await producer.client.force_metadata_update()
            except TimeoutError:
                answered = False
            self._tell(is_ready=answered, reason="answered" if answered else "no_answer")
            try:
                async with asyncio.timeout(PROBE_EVERY_S):
                    await self._broken.wait()
            except TimeoutError:
                continue
        self._tell(is_ready=False, reason="record_refused")

    def _tell(self, *, is_ready: bool, reason: str, **words: str) -> None:
        """Log a change, not each look."""
        if self._state == (is_ready, reason):
            return
        self._state = (is_ready, reason)
        if is_ready:
            log.info("log_reached", topic=self._topic)
        else:
            log.warning("log_lost", reason=reason, **words)


async def _stop(producer: AIOKafkaProducer) -> None:
    """Write what waits, for as long as that is worth while; nobody was told that it is stored."""
    try:
        async with asyncio.timeout(FLUSH_TIMEOUT_S):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("log_not_flushed", reason=type(error).__name__)
