"""Gives dead letters back to the log, or puts them aside; who, when and why is written behind them.

The log is written by idempotent producers only, so a letter's way back is no transaction, but three
writes: that it is about to go, with where the log ends; the record; that it went. When it broke off
between, the log itself says whether the record went: it carries the letter's place in a header.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.errors import BrokerError
from streams.log.client import connection
from streams.log.committed import Committed, Progress, committed, places_of, untold
from streams.log.topics import DEAD_LETTERS, LOG, LOG_BYTES_MAX
from streams.settings import Kafka
from streams.worker.letter_topic import CLIENT, originals_of
from streams.worker.letters import (
    ACTION,
    LETTER,
    Action,
    Deed,
    Letter,
    Letters,
    Place,
    headers_to_redrive,
)

CHUNK = 100
"""Letters whose bodies are held at once."""
UNSURE_MS = 60_000
"""How long a redrive that has not said its end may be under way still."""


async def discard(kafka: Kafka, letters: Iterable[Letter], *, by: str, why: str) -> None:
    """Note that nobody need look at these letters any more; they stay.

    Raises:
        BrokerError: Kafka cannot be used.
    """
    deeds = [Deed(action=Action.DISCARDED, letter=each.place, by=by, why=why) for each in letters]
    async with _producer(kafka) as producer:
        await _note(producer, kafka, deeds)


async def redrive(
    kafka: Kafka,
    letters: Letters,
    chosen: Sequence[Letter],
    *,
    by: str,
    why: str,
    now_ms: int,
    progress: Progress = untold,
) -> list[Deed]:
    """Append the record of each letter to the log again, to the partition that it came from.

    Args:
        kafka: Where.
        letters: As read just now; `chosen` are some of them.
        chosen: Those to be given back, whatever was done about them before.
        by: Who does it.
        why: Kept with it for ever.
        now_ms: By it is judged whether somebody else's redrive is still under way.
        progress: Told how many are done.

    Raises:
        BrokerError: Kafka cannot be used, or somebody else redrives the same at this moment.
    """
    done: list[Deed] = []
    async with _producer(kafka) as producer, committed(kafka, client_id=CLIENT) as reader:
        desk = _Desk(kafka, producer, reader, letters.read_to, by, why)
        for chunk in _chunks(chosen):
            _refuse_those_under_way(chunk, now_ms)
            done += await desk.redrive(chunk)
            progress(len(done), len(chosen))
    return done


@dataclass(frozen=True, slots=True)
class _Desk:
    """Gives letters of one partition back, some at a time."""

    kafka: Kafka
    producer: AIOKafkaProducer
    reader: Committed
    read_to: Mapping[int, int]
    by: str
    why: str

    async def redrive(self, chunk: Sequence[Letter]) -> list[Deed]:
        written = await self._found_in_log(chunk)
        to_go = [letter for letter in chunk if letter.place not in written]
        if to_go:
            await self._announce(to_go)
            written |= await self._append(to_go)
        deeds = [
            self._deed(Action.REDRIVEN, letter, written=written[letter.place]) for letter in chunk
        ]
        return await _note(self.producer, self.kafka, deeds)

    def _deed(self, action: Action, letter: Letter, **facts: int) -> Deed:
        return Deed(action=action, letter=letter.place, by=self.by, why=self.why, **facts)

    async def _found_in_log(self, chunk: Iterable[Letter]) -> dict[Place, int]:
        """Which letters went back by a redrive that broke off before it said so."""
        since = {
            letter.place: letter.deeds[-1].log_end or 0
            for letter in chunk
            if letter.state == Action.REDRIVING.value
        }
        if not since:
            return {}
        places = places_of(self.kafka, LOG, [min(since).partition])
        starts, ends = dict.fromkeys(places, min(since.values())), await self.reader.ends(places)
        names = {str(place).encode(): place for place in since}
        found: dict[Place, int] = {}
        async for record in self.reader.read(starts, ends):
            place = names.get(dict(record.headers).get(LETTER) or b"")
            if place is not None and record.offset >= since[place]:
                found.setdefault(place, record.offset)
        return found

    async def _announce(self, letters: Sequence[Letter]) -> None:
        """Note that these are about to go; whoever noted the same before us goes first."""
        [place] = places_of(self.kafka, LOG, [letters[0].place.partition])
        end = (await self.reader.ends([place]))[place]
        noted = await _note(
            self.producer,
            self.kafka,
            [self._deed(Action.REDRIVING, letter, log_end=end) for letter in letters],
        )
        ours = {str(deed.letter).encode(): deed.stands_at for deed in noted}
        [place] = places_of(self.kafka, DEAD_LETTERS, [place.partition])
        starts = {place: self.read_to[place.partition]}
        async for record in self.reader.read(starts, {place: max(ours.values())}):
            headers = dict(record.headers)
            letter = headers.get(LETTER) or b""
            is_announced = headers.get(ACTION) == Action.REDRIVING.value.encode()
            if is_announced and record.offset < ours.get(letter, 0):
                raise BrokerError("somebody else redrives the same letters at this moment")

    async def _append(self, letters: Sequence[Letter]) -> dict[Place, int]:
        originals = await originals_of(self.reader, self.kafka, letters)
        sent = [
            await self.producer.send(
                self.kafka.prefix + LOG,
                originals[letter.place].value,
                key=originals[letter.place].key,
                partition=letter.place.partition,
                headers=headers_to_redrive(letter, originals[letter.place].headers),
            )
            for letter in letters
        ]
        written = await asyncio.gather(*sent)
        return {
            letter.place: int(record.offset)
            for letter, record in zip(letters, written, strict=True)
        }


def _chunks(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    """Some letters of one partition at a time, in the order of their topic."""
    chunk: list[Letter] = []
    for letter in sorted(letters, key=lambda each: (each.place.partition, each.stands_at)):
        if chunk and (len(chunk) == CHUNK or chunk[0].place.partition != letter.place.partition):
            yield chunk
            chunk = []
        chunk.append(letter)
    if chunk:
        yield chunk


def _refuse_those_under_way(letters: Iterable[Letter], now_ms: int) -> None:
    for letter in letters:
        if letter.state == Action.REDRIVING.value:
            deed = letter.deeds[-1]
            if now_ms - deed.at_ms < UNSURE_MS:
                raise BrokerError(
                    f"{letter.place} is being redriven by {deed.by}; if that broke off, say it "
                    "again in a minute"
                )


async def _note(producer: AIOKafkaProducer, kafka: Kafka, deeds: Iterable[Deed]) -> list[Deed]:
    """Write what is done behind the letters; give it with where it stands."""
    kept = list(deeds)
    sent = [
        await producer.send(
            kafka.prefix + DEAD_LETTERS,
            deed.value(),
            partition=deed.letter.partition,
            headers=deed.headers(),
        )
        for deed in kept
    ]
    written = await asyncio.gather(*sent)
    return [
        replace(deed, stands_at=int(record.offset))
        for deed, record in zip(kept, written, strict=True)
    ]


@asynccontextmanager
async def _producer(kafka: Kafka) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        **connection(kafka),
        client_id=CLIENT,
        acks="all",
        enable_idempotence=True,
        max_request_size=LOG_BYTES_MAX,
    )
    try:
        await producer.start()
        yield producer
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka.bootstrap_servers} cannot be used: {error}") from error
    finally:
        await producer.stop()
