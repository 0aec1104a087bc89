"""A year in Kafka, and readers of it."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Engine

from console.read_model.reader import Reader
from filled import UNTIL, simulated_year
from read_model_judge import content
from streams.log.topics import changelog_name
from worker_stage import Stage

SEVERAL = 12


def now() -> float:
    return UNTIL


async def fill_topics(scene: Stage, *, customers: int = SEVERAL) -> None:
    """Write a year into Kafka: the parts of a subject go to one partition."""
    names = {"changelog": changelog_name(scene.deployment.worker.application)}
    sent = [
        await scene.producer.send(
            scene.kafka.prefix + names.get(record.topic, record.topic),
            record.value,
            key=record.key,
            partition=sum(record.key or b"") % scene.kafka.partitions,
            headers=list(record.headers),
        )
        for record in simulated_year(customers)
    ]
    await asyncio.gather(*sent)


async def read_in_one_go(scene: Stage, engine: Engine) -> dict[str, Any]:
    await Reader(scene.deployment, engine, now).catch_up()
    return content(engine)
