"""Which events the log has, since a time."""

from __future__ import annotations

from aiokafka import TopicPartition

from streams.log.admin import count_log_partitions
from streams.log.committed import committed, places_of
from streams.log.topics import LOG
from streams.settings import Kafka

CLIENT = "subfold-seen"


async def ids_since(kafka: Kafka, since_ms: int) -> set[str]:
    """Ids of the events that were appended since then.

    Raises:
        BrokerError: Kafka cannot be used.
    """
    places = places_of(kafka, LOG, range(await count_log_partitions(kafka)))
    found: set[str] = set()
    async with committed(kafka, client_id=CLIENT) as reader:
        ends = await reader.ends(places)
        starts = await reader.at(since_ms, places)
        begins: dict[TopicPartition, int] = {each: starts.get(each, ends[each]) for each in places}
        async for record in reader.read(begins, ends):
            found.add((dict(record.headers).get("event_id") or b"").decode())
    return found
