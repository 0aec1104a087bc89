"""Load and verdict on a stage of topics and processes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import orjson

from fetched import Fetched, headers
from ledger import judge_money
from load import Load
from streams.log.topics import LOG
from verifier import SEEN_BY_READERS, TOLD, Anomaly, Seen, judge
from worker_stage import PARTITIONS, Stage


def records(load: Load, begin: int, end: int) -> list[Fetched]:
    """Events as the door would store them, each customer in a partition of its own."""
    found = []
    for body in islice(load.bodies(), begin, end):
        event = orjson.loads(body)
        customer = event["data"]["object"]["customer"]
        mode = "live" if event["livemode"] else "test"
        found.append(
            Fetched(
                partition=int(customer.removeprefix("cus_")) % PARTITIONS,
                key=f"main/-/{mode}/{customer}".encode(),
                value=body,
                headers=headers(event_id=event["id"]),
            )
        )
    return found


async def seen_on(here: Stage, acknowledged: Iterable[bytes] = ()) -> Seen:
    """All that readers of committed records find now."""
    return Seen(
        log=await here.read(LOG),
        topics={topic: await here.read(topic) for topic in [*TOLD, *SEEN_BY_READERS]},
        changelog=await here.read(here.names.changelog.removeprefix(here.kafka.prefix)),
        group=await here.committed(),
        acknowledged=acknowledged,
    )


async def verdict(here: Stage, acknowledged: Iterable[bytes] = ()) -> list[Anomaly]:
    """What is wrong when all is drained."""
    seen = await seen_on(here, acknowledged)
    return [*judge(seen), *judge_money(seen)]


async def hidden(here: Stage) -> int:
    """How many records of aborted transactions there are, which no committed reader sees."""
    count = 0
    for topic in TOLD:
        name = here.kafka.prefix + topic
        async with here._reader(name, "read_uncommitted") as (reader, places):
            ends = await reader.end_offsets(places)
            while [each for each in places if await reader.position(each) < ends[each]]:
                count += sum(map(len, (await reader.getmany(timeout_ms=200)).values()))
        count -= sum(map(len, await here.read(topic)))
    return count
