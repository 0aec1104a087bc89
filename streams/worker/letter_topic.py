"""Reads the topic of dead letters."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from streams.log.admin import count_partitions
from streams.log.committed import Committed, Progress, committed, places_of, untold
from streams.log.topics import DEAD_LETTERS
from streams.settings import Kafka
from streams.worker.letters import Letter, Letters, Place

CLIENT = "subfold-dlq"


async def read_letters(kafka: Kafka, progress: Progress = untold) -> Letters:
    """Read all dead letters, and what was done about them.

    Raises:
        BrokerError: Kafka cannot be used, or there is no such topic.
    """
    places = places_of(kafka, DEAD_LETTERS, range(await count_partitions(kafka, DEAD_LETTERS)))
    letters = Letters()
    async with committed(kafka, client_id=CLIENT) as reader:
        begins, ends = await reader.begins(places), await reader.ends(places)
        async for record in reader.read(begins, ends, progress):
            letters.take(record)
    letters.read_to = {place.partition: end for place, end in ends.items()}
    return letters


async def body_of(kafka: Kafka, letter: Letter) -> bytes | None:
    """Read the body of one letter.

    Raises:
        BrokerError: Kafka cannot be used.
    """
    async with committed(kafka, client_id=CLIENT) as reader:
        return bytes((await originals_of(reader, kafka, [letter]))[letter.place].value or b"")


async def originals_of(
    reader: Committed, kafka: Kafka, letters: Sequence[Letter]
) -> dict[Place, ConsumerRecord]:
    """Read letters of one partition whole."""
    wanted = {letter.stands_at: letter.place for letter in letters}
    [place] = places_of(kafka, DEAD_LETTERS, [letters[0].place.partition])
    between = {place: min(wanted)}, {place: max(wanted) + 1}
    return {
        wanted[record.offset]: record
        async for record in reader.read(*between)
        if record.offset in wanted
    }
