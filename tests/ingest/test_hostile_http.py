"""Hostile senders against the real server: slow, fat, malformed; and what others notice of it."""

import asyncio
import gzip
import sys
import time
from pathlib import Path

import pytest

import patched_ingest
from ingest_process import PATIENCE_S, read_log, running
from streams.log.embedded.node import free_port
from streams.log.topics import MIB
from stripe_side import EVENTBRIDGE_KEY, body_of, signature
from test_ingest_process import make_topics

HASTY = (
    sys.executable,
    Path(patched_ingest.__file__),
    "server.HEADER_TIMEOUT_MS=1000",
    "body.READ_TIMEOUT_S=1",
)
POST = b"POST /webhooks/stripe/main HTTP/1.1\r\nHost: x\r\n"
HEAD = POST + b"Content-Type: application/json\r\n"
SLOW = 500


def nowhere():
    return f"127.0.0.1:{free_port()}"


async def exchange(port, request):
    """Bytes in, all that comes back out, until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def status_of(answer):
    return int(answer.split(b" ")[1]) if answer else None


HOSTILE = {
    "F03 header of 64 KB": HEAD + b"Stripe-Signature: " + b"a" * 65_536 + b"\r\n\r\n",
    "F03 10,000 headers": HEAD + b"X: y\r\n" * 10_000 + b"\r\n",
    "F03 NUL in a header": HEAD + b"Stripe-Signature: t=1\x00\r\n\r\n",
    "F03 line feed in a header": HEAD + b"Stripe-Signature: t=1\n\nv1=0\r\n\r\n",
    "F12 TRACE": b"TRACE /webhooks/stripe/main HTTP/1.1\r\nHost: x\r\n\r\n",
    "F12 method of our making": b"STEAL /webhooks/stripe/main HTTP/1.1\r\nHost: x\r\n\r\n",
    "F12 path upwards": b"GET /webhooks/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "F12 encoded path upwards": b"GET /webhooks/stripe/%2e%2e%2fmain HTTP/1.1\r\nHost: x\r\n\r\n",
    "F12 CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "F13 two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "F13 negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "F13 absurd length": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "F13 length and chunks": HEAD
    + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n\r\n",
    "F13 chunks spelt oddly": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "F13 two encodings": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "F13 chunk of absurd size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "F13 address in full": b"POST http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n",
    "F13 space before the colon": HEAD + b"Content-Length : 3\r\n\r\nabc",
    "F13 folded header": HEAD + b"X: a\r\n b\r\n\r\n",
    "F13 no host": b"POST /webhooks/stripe/main HTTP/1.1\r\n\r\n",
    "F13 HTTP/9": b"POST /webhooks/stripe/main HTTP/9.9\r\nHost: x\r\n\r\n",
    "F13 TLS": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "F13 HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "F13 smuggled second request": (
        HEAD
        + b"Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
}


@pytest.fixture
async def hasty(prefix, tmp_path):
    async with running(tmp_path, nowhere(), prefix, program=HASTY) as ingest:
        yield ingest


async def test_no_request_is_answered_with_more_than_a_refusal(hasty):
    """F03, F12, F13: the corpus; each is cut or refused, none reaches another page."""
    answers = {name: await exchange(hasty.port, request) for name, request in HOSTILE.items()}

    refusals = {None, 400, 404, 405, 408, 413, 415, 431, 505}
    wrong = {name: answer for name, answer in answers.items() if status_of(answer) not in refusals}
    assert wrong == {}
    # Where lengths contradict each other, no second request is seen in what is left.
    assert answers["F13 smuggled second request"].count(b"HTTP/1.1") <= 1
    assert (await hasty.get("/livez"))[0] == 200


async def test_who_waits_for_100_continue_is_told_at_once_when_refused(hasty):
    """F13: the body of one who is refused by his headers is never asked for."""
    waits = b"Expect: 100-continue\r\nContent-Length: 9999999\r\nConnection: close\r\n\r\n"

    answer = await exchange(hasty.port, HEAD + waits)

    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"", id="F11 nothing"),
        pytest.param(POST, id="F11 half a header"),
        pytest.param(HEAD + b"Content-Length: 900\r\n\r\n{", id="F11 half a body"),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", id="F11 half of chunks"
        ),
    ],
)
async def test_slow_senders_are_cut_and_keep_nobody_out(hasty, part):
    slow = [asyncio.create_task(exchange(hasty.port, part)) for _ in range(SLOW)]
    await asyncio.sleep(0)

    # Behind them, signed: refused for want of Kafka alone, and at once.
    heard = await hasty.send(body_of())
    ends = await asyncio.gather(*slow)

    assert heard.status == 503
    assert {status_of(end) for end in ends} <= {None, 408}
    assert (await hasty.get("/livez"))[0] == 200


@pytest.mark.parametrize(
    ("start", "statuses"),
    [
        pytest.param(HEAD + b"Content-Length: 100000\r\n\r\n", {408}, id="F11 body"),
        pytest.param(HEAD + b"X-Padding: ", {None, 408}, id="F11 header"),
    ],
)
async def test_a_sender_of_a_byte_now_and_then_is_cut_too(hasty, start, statuses):
    """The time is for the whole of it, not for each part."""
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.port)
    writer.write(start)
    sent = 0

    async def drip():
        nonlocal sent
        while True:
            writer.write(b" ")
            await writer.drain()
            sent += 1
            await asyncio.sleep(0.1)

    dripping = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read(100)
    except ConnectionError:
        answer = b""
    dripping.cancel()
    writer.close()

    assert status_of(answer) in statuses
    assert sent < 100_000


async def test_who_keeps_a_connection_and_says_no_more_is_cut(hasty):
    """F11: else a few thousand of them would hold all places that there are."""
    answer = await exchange(hasty.port, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")

    assert status_of(answer) == 200


def peak_kib(process):
    """The most memory that the process ever held."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


@pytest.mark.parametrize("entrance", ["webhooks/stripe", "eventbridge"])
async def test_bombs_and_fat_bodies_are_not_held_in_memory(prefix, tmp_path, entrance):
    """F09: 50 KB of gzip that would be 50 MB, and 50 MB that say so, or not, or lie."""
    bomb = gzip.compress(b" " * 50 * MIB)
    fat = b" " * 50 * MIB
    head = f"POST /{entrance}/main HTTP/1.1\r\nHost: x\r\n".encode()
    head += f"X-Api-Key: {EVENTBRIDGE_KEY}\r\nContent-Type: application/json\r\n".encode()
    packed = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    declared = b"Content-Length: %d\r\n\r\n" % len(fat) + fat
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(fat) + fat
    environ = {"SUBFOLD_SOURCES__MAIN__EVENTBRIDGE_SECRETS": EVENTBRIDGE_KEY}
    async with running(tmp_path, nowhere(), prefix, **environ) as ingest:
        before = peak_kib(ingest.process)
        for body, status in ((packed, 415), (declared, 413), (chunked, 413)):
            for _ in range(3):
                assert status_of(await exchange(ingest.port, head + body)) in {None, status}
        after = peak_kib(ingest.process)

    assert len(bomb) < 100_000
    # Nine of them were 450 MB.
    assert after - before < 25 * 1024, (before, after)


NONSENSE = [
    b"\xff\xfe\x00",
    b"[" * 10_000 + b"]" * 10_000,
    b'{"id": ' + b"9" * 5_000 + b"}",
    b'{"id": NaN}',
    body_of()[:-5],
]


async def test_signed_nonsense_leaves_the_process_alive_and_small(
    bootstrap_servers, prefix, tmp_path
):
    """F08: each many times."""
    await make_topics(bootstrap_servers, prefix)
    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        await asyncio.gather(*map(ingest.send, NONSENSE))
        before = peak_kib(ingest.process)
        answers = await asyncio.gather(*map(ingest.send, NONSENSE * 40))
        after = peak_kib(ingest.process)
        assert await ingest.stop() == 0

    assert {answer.status for answer in answers} == {200}
    assert after - before < 25 * 1024, (before, after)
    assert len(await read_log(bootstrap_servers, prefix)) == len(NONSENSE) * 41


async def test_who_goes_away_before_the_answer_sends_again_and_nothing_is_lost(
    bootstrap_servers, prefix, tmp_path
):
    """F22: what was stored for nobody's ears comes again, and is a duplicate."""
    await make_topics(bootstrap_servers, prefix)
    body = body_of()
    signed_at = f"Stripe-Signature: {signature(body, at=int(time.time()))}\r\n".encode()
    request = HEAD + signed_at + b"Content-Length: %d\r\n\r\n" % len(body) + body
    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", ingest.port)
            writer.write(request)
            await writer.drain()
            writer.transport.abort()
        again = await ingest.send(body)
        assert await ingest.stop() == 0

    records = await read_log(bootstrap_servers, prefix)
    assert again.status == 200
    assert 1 <= len(records) <= 21
    assert {record.value for record in records} == {body}
