"""A record that concerns no single customer: written to every partition of the log.

Done when all partitions have it. Who breaks off half-way does it again; readers settle that.
Source: docs/contract.md, "Records of the log".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from streams.log.records import Headers

FIRST = 0
"""The partition that speaks for all of them, wherever such a record counts once."""


async def write_to_each(
    producer: AIOKafkaProducer,
    topic: str,
    partitions: Iterable[int],
    *,
    key: bytes,
    value: bytes,
    headers: Headers,
) -> dict[int, int]:
    """Append one record to each of these partitions; give its offsets, by partition.

    Raises:
        KafkaError: At least one of them has not acknowledged it.
    """
    sent = [
        await producer.send(topic, value, key=key, partition=partition, headers=headers)
        for partition in partitions
    ]
    return {written.partition: int(written.offset) for written in await asyncio.gather(*sent)}
