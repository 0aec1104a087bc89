"""Given fetches that wait behind a transaction, they become one: each alone would wait for all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from faust.types import TP

from fetched import Fetched
from streams.worker.transport import FETCH_BYTES, Batch, BatchConsumer

PLACE = TP("stripe.events.v1", 0)


def batch(first: int, count: int = 1, *, epoch: int = 1, size: int = 10) -> Batch:
    records = [Fetched(offset=first + number, value=b"x" * size) for number in range(count)]
    return Batch(epoch=epoch, after=first, records=records)


def offsets(one: Batch) -> list[int]:
    return [record.offset for record in one.records]


def test_what_is_fetched_meanwhile_joins_what_waits():
    waiting = batch(5, 2)

    assert waiting.join(batch(7))
    assert offsets(waiting) == [5, 6, 7]
    assert waiting.after == 5


def test_nothing_joins_what_the_fold_has():
    waiting = batch(5)
    taken = waiting.take()

    assert not waiting.join(batch(6))
    assert [record.offset for record in taken] == [5]


def test_nothing_joins_what_was_fetched_before_a_seek():
    waiting = batch(5)

    assert not waiting.join(batch(5, epoch=2))
    assert offsets(waiting) == [5]


def test_what_waits_grows_no_larger_than_a_fetch():
    waiting = batch(5, size=FETCH_BYTES - 15)

    assert waiting.join(batch(6))
    assert not waiting.join(batch(7))
    assert offsets(waiting) == [5, 6]


@pytest.fixture
def consumer():
    """Faust's consumer as far as fetches go; `fetches` are what comes next."""

    async def fetch(_timeout):
        return {PLACE: here.fetches.pop(0)}, {PLACE}

    here = SimpleNamespace(
        fetches=[],
        should_stop=False,
        flow_active=True,
        app=SimpleNamespace(consumer_generation_id=1),
        _buffered_partitions=set(),
        _waiting={},
        _wait_next_records=fetch,
        _to_message=lambda tp, record: SimpleNamespace(tp=tp, offset=record.offset),
    )
    return here


async def handed_on(consumer):
    return [message.value async for _, message in BatchConsumer.getmany(consumer, 1.0)]


async def test_the_agent_is_rung_once_for_what_waits(consumer):
    consumer.fetches = [batch(5), batch(6), batch(7), batch(8)]

    (first,) = await handed_on(consumer)
    assert await handed_on(consumer) == []
    assert [record.offset for record in first.take()] == [5, 6]

    (second,) = await handed_on(consumer)
    assert await handed_on(consumer) == []
    assert [record.offset for record in second.take()] == [7, 8]
