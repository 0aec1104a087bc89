from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from stripe import WebhookSignature

from cli.webhooks import Posting, send_all
from schemas.errors import BrokerError

SECRET = "whsec_of_this_test"

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def door(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def postings(*bodies: bytes) -> list[Posting]:
    return [Posting(subject=body.decode()[0], body=body) for body in bodies]


async def test_each_webhook_is_signed_and_those_of_one_subject_keep_their_order():
    taken: list[str] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.text()
        assert WebhookSignature.verify_header(body, request.headers["Stripe-Signature"], SECRET)
        taken.append(body)
        return web.Response()

    async with door(take) as url:
        retries = await send_all(
            postings(b"a1", b"b1", b"a2", b"b2", b"a3"),
            url=url,
            secret=SECRET,
            sent=lambda: None,
        )

    assert [body for body in taken if body.startswith("a")] == ["a1", "a2", "a3"]
    assert [body for body in taken if body.startswith("b")] == ["b1", "b2"]
    assert retries == 0


async def test_a_busy_door_is_asked_again():
    answers = [web.Response(status=503, headers={"Retry-After": "0"}), web.Response()]

    async def be_busy_once(_: web.Request) -> web.Response:
        return answers.pop(0)

    async with door(be_busy_once) as url:
        retries = await send_all(postings(b"a1"), url=url, secret=SECRET, sent=lambda: None)

    assert retries == 1
    assert answers == []


async def test_a_door_that_refuses_ends_the_run():
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=400, text="no")

    async with door(refuse) as url:
        with pytest.raises(BrokerError, match="answered 400"):
            await send_all(postings(b"a1"), url=url, secret=SECRET, sent=lambda: None)
