"""Appends to the log, and keeps how far each task with a source has come.

How far is a record of a compacted topic, written when the log has acknowledged what it counts: who
is killed between does the last page again, and the fold knows it as a duplicate.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic import BaseModel, ValidationError

from schemas.errors import BrokerError, SubfoldError
from streams.log.admin import count_partitions
from streams.log.client import connection
from streams.log.committed import committed, places_of
from streams.log.records import Headers
from streams.log.topics import LOG, LOG_BYTES_MAX, SOURCES
from streams.settings import Kafka

BATCH_BYTES = 256 * 1024
CLIENT = "subfold-source"
StateT = TypeVar("StateT", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A record to be appended to the log."""

    key: str
    value: bytes
    headers: Headers
    is_broadcast: bool = False


class LogWriter:
    """The log's topic, and the topic of states."""

    def __init__(self, kafka: Kafka, producer: AIOKafkaProducer) -> None:
        self._kafka = kafka
        self._producer = producer

    async def append(self, records: Iterable[Outgoing]) -> None:
        """Return when all in-sync replicas have all of them.

        Raises:
            BrokerError: Kafka refused one, or did not acknowledge it.
        """
        topic = self._kafka.prefix + LOG
        everywhere = sorted(await self._producer.partitions_for(topic))
        await self._write(
            (topic, each, partition)
            for each in records
            for partition in (everywhere if each.is_broadcast else [None])
        )

    async def keep(self, key: str, state: BaseModel) -> None:
        """Write a state.

        Raises:
            BrokerError: Kafka refused it, or did not acknowledge it.
        """
        await self.carry({key: state.model_dump_json().encode()})

    async def carry(self, states: Mapping[str, bytes]) -> None:
        """Write states as `kept` has read them.

        Raises:
            BrokerError: Kafka refused one, or did not acknowledge it.
        """
        topic = self._kafka.prefix + SOURCES
        await self._write(
            (topic, Outgoing(key=key, value=value, headers=[]), None)
            for key, value in states.items()
        )

    async def _write(self, records: Iterable[tuple[str, Outgoing, int | None]]) -> None:
        try:
            sent = [
                await self._producer.send(
                    topic,
                    each.value,
                    key=each.key.encode(),
                    headers=each.headers,
                    partition=partition,
                )
                for topic, each, partition in records
            ]
            await asyncio.gather(*sent)
        except KafkaError as error:
            raise BrokerError(f"Kafka did not take a record: {type(error).__name__}") from error


@asynccontextmanager
async def log_writer(kafka: Kafka) -> AsyncIterator[LogWriter]:
    """Connect.

    Raises:
        BrokerError: Kafka cannot be reached.
    """
    producer = AIOKafkaProducer(
        **connection(kafka),
        client_id=CLIENT,
        enable_idempotence=True,
        acks="all",
        max_batch_size=BATCH_BYTES,
        max_request_size=LOG_BYTES_MAX,
    )
    try:
        await producer.start()
    except KafkaError as error:
        await producer.stop()
        raise BrokerError(f"Kafka at {kafka.bootstrap_servers} cannot be reached") from error
    try:
        yield LogWriter(kafka, producer)
    finally:
        await producer.stop()


async def kept(kafka: Kafka) -> dict[str, bytes]:
    """Read all states, as bytes by key.

    Raises:
        BrokerError: Kafka cannot be used, or there is no such topic.
    """
    places = places_of(kafka, SOURCES, range(await count_partitions(kafka, SOURCES)))
    async with committed(kafka, client_id=CLIENT) as reader:
        begins, ends = await reader.begins(places), await reader.ends(places)
        return {
            record.key.decode(): record.value
            async for record in reader.read(begins, ends)
            if record.value is not None
        }


def read_state(model: type[StateT], data: bytes | None) -> StateT:
    """Read a state; the first one where none was kept.

    Raises:
        SubfoldError: A newer release wrote it.
    """
    try:
        return model.model_validate_json(data) if data else model()
    except ValidationError as error:
        raise SubfoldError("how far it was is kept in words of a newer release") from error
