"""Which events of a source the log has, since a time."""

from __future__ import annotations

from aiokafka import TopicPartition

from streams.log.admin import count_log_partitions
from streams.log.committed import committed, places_of
from streams.log.topics import LOG
from streams.settings import Kafka

CLIENT = "subfold-seen"


class Seen:
    """Ids of the events that the door or a catch-up has appended and that can be folded here.

    Args:
        kafka: Where the log is.
        source: Whose events.
        since_ms: Those that were appended from then on.
    """

    def __init__(self, kafka: Kafka, source: str, since_ms: int) -> None:
        self._kafka = kafka
        self._source = source.encode()
        self._since_ms = since_ms
        self._read_to: dict[TopicPartition, int] = {}
        self.ids: set[str] = set()

    async def refresh(self) -> None:
        """Read what was appended since the last time.

        Raises:
            BrokerError: Kafka cannot be used.
        """
        places = places_of(self._kafka, LOG, range(await count_log_partitions(self._kafka)))
        async with committed(self._kafka, client_id=CLIENT) as reader:
            ends = await reader.ends(places)
            if not self._read_to:
                starts = await reader.at(self._since_ms, places)
                self._read_to = {each: starts.get(each, ends[each]) for each in places}
            async for record in reader.read(self._read_to, ends):
                words = dict(record.headers)
                if words.get("source") == self._source and "foreign" not in words:
                    self.ids.add((words.get("event_id") or b"").decode())
            self._read_to = ends
