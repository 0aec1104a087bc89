"""What the door does when there is too much, too slow, or nowhere to store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from streams.ingest import door as door_module
from stripe_side import body_of, door_of, post, signed

BODY = body_of()


async def endless() -> AsyncIterator[bytes]:
    for _ in range(1_000_000):
        yield b" " * 65_536


async def test_a_body_without_a_length_is_cut_at_the_limit(app, log):
    """F09: it is refused before it is held."""
    async with aclosing(endless()) as chunks:
        answer = await post(app, chunks, signed(BODY))
        rest = await anext(chunks, None)

    assert answer.status == 413
    assert rest is not None, "most of it was never asked for"
    assert log.records == []


async def stuck() -> AsyncIterator[bytes]:
    yield BODY[:10]
    await asyncio.Event().wait()


async def test_a_body_that_never_ends_is_given_up(log):
    """F11: with 408."""
    answer = await post(door_of(log, timeout_s=0.01), stuck(), signed(BODY))

    assert answer.status == 408
    assert log.records == []


async def test_slow_bodies_of_strangers_keep_nobody_out(log):
    """F11: 500 of them."""
    app = door_of(log)
    slow = [
        asyncio.create_task(post(app, stuck(), signed(b"", secret="whsec_x"))) for _ in range(500)
    ]
    await asyncio.sleep(0)

    answer = await post(app, BODY, signed(BODY))

    assert answer.status == 200
    for task in slow:
        task.cancel()


async def test_more_bodies_at_once_than_memory_is_meant_for_are_put_off(log):
    app = door_of(log, held_max=len(BODY))
    first = asyncio.create_task(post(app, stuck(), signed(BODY)))
    await asyncio.sleep(0)
    refused = await post(app, BODY, signed(BODY))
    first.cancel()
    await asyncio.wait({first})

    again = await post(app, BODY, signed(BODY))

    assert (refused.status, again.status) == (503, 200)


async def test_a_sender_who_leaves_in_the_middle_stores_nothing(app, log):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in signed(BODY)]
    scope = {"type": "http", "method": "POST", "path": "/webhooks/stripe/main"}
    await app(scope | {"query_string": b"", "headers": headers}, receive, send)

    assert log.records == []


async def test_what_cannot_be_stored_is_asked_for_again(app, log):
    """F19: and when."""
    log.is_ready = False

    answer = await post(app, BODY, signed(BODY))

    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_events_that_wait_for_kafka_have_a_bound(log, monkeypatch):
    """F20, F24: what has no place is shed at once."""
    monkeypatch.setattr(door_module, "STORING_MAX", 1)
    gate = asyncio.Event()
    store = log.append

    async def slowly(**record):
        await gate.wait()
        await store(**record)

    log.append = slowly
    app = door_of(log)
    first = asyncio.create_task(post(app, BODY, signed(BODY)))
    await asyncio.sleep(0)
    second = await post(app, BODY, signed(BODY))
    gate.set()

    assert second.status == 503
    assert (await first).status == 200


async def test_a_bug_of_ours_is_never_a_500(app, log):
    async def fail(**_):
        raise ZeroDivisionError

    log.append = fail

    answer = await post(app, BODY, signed(BODY))

    assert answer.status == 503
