"""`subfold ingest` against a real broker: what a 2xx means, and what happens without one."""

import asyncio
import signal
import time

from aiokafka.partitioner import murmur2

from ingest_process import line_with, read_log, running, start
from streams.log.admin import create_topics
from streams.log.embedded import EmbeddedKafka
from streams.log.embedded.node import free_port
from streams.settings import Deployment
from stripe_side import SECRET, body_of, signature

PARTITIONS = 3


async def make_topics(bootstrap_servers, prefix):
    kafka = {"bootstrap_servers": bootstrap_servers, "prefix": prefix, "partitions": PARTITIONS}
    await create_topics(Deployment(kafka=kafka))


async def test_an_answer_of_200_means_that_the_record_is_in_the_log(
    bootstrap_servers, prefix, tmp_path
):
    await make_topics(bootstrap_servers, prefix)
    bodies = [
        body_of(id=f"evt_{n}", data={"object": {"id": "sub_1", "customer": f"cus_{n % 7}"}})
        for n in range(50)
    ]
    large = body_of(id="evt_large", pad="x" * 900_000)
    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        answers = await asyncio.gather(*map(ingest.send, [*bodies, large, b"no json"]))
        refused = await ingest.send(bodies[0], f"t={int(time.time())},v1={'0' * 64}")
        assert await ingest.stop() == 0

    records = await read_log(bootstrap_servers, prefix)

    assert {answer.status for answer in answers} == {200}
    assert refused.status == 400
    assert sorted(record.value for record in records) == sorted([*bodies, large, b"no json"])
    keys = {record.value: record.key.decode() for record in records}
    assert keys[b"no json"] == "main/-/-/-/invalid"
    assert [keys[body] for body in bodies] == [f"main/-/test/cus_{n % 7}" for n in range(50)]
    headers = {record.value: dict(record.headers) for record in records}
    assert [headers[body]["event_id"].decode() for body in bodies] == [
        f"evt_{n}" for n in range(50)
    ]
    for record in records:
        # As Java's clients choose: a record of another tool lands where ours do.
        assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % PARTITIONS


async def test_without_kafka_events_are_asked_for_again_until_it_is_there(prefix, tmp_path):
    """F19: nobody has to start anything again."""
    port = free_port()
    kafka = EmbeddedKafka(tmp_path / "kafka", port)
    address = f"127.0.0.1:{port}"
    async with running(tmp_path, address, prefix) as ingest:
        assert (await ingest.get("/readyz"))[0] == 503
        early = await ingest.send(body_of(id="evt_early"))

        await asyncio.to_thread(kafka.start)
        try:
            await make_topics(address, prefix)
            await ingest.until("/readyz", 200)
            first = await ingest.send(body_of(id="evt_1"))
            await asyncio.to_thread(kafka.stop)
            await ingest.until("/readyz", 503)
            late = await ingest.send(body_of(id="evt_late"))
            live = await ingest.get("/livez")
            await asyncio.to_thread(kafka.start)
            await ingest.until("/readyz", 200)
            again = await ingest.send(body_of(id="evt_late"))
            records = await read_log(address, prefix)
        finally:
            await asyncio.to_thread(kafka.stop)

    assert [early.status, first.status, late.status, again.status] == [503, 200, 503, 200]
    assert int(late.headers["retry-after"]) > 0
    assert live[0] == 200
    stored = [dict(record.headers)["event_id"] for record in records]
    assert set(stored) == {b"evt_1", b"evt_late"}


async def test_a_log_that_is_missing_is_waited_for_and_never_made(
    bootstrap_servers, prefix, tmp_path
):
    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        refused = await ingest.send(body_of())
        missing = await line_with("topic_missing", ingest.process, ingest.log)
        await make_topics(bootstrap_servers, prefix)
        await ingest.until("/readyz", 200)
        stored = await ingest.send(body_of())

    assert (refused.status, stored.status) == (503, 200)
    assert missing["hint"] == "run `subfold topics create`"


async def test_no_secret_no_email_and_no_signature_comes_out_anywhere(
    bootstrap_servers, prefix, tmp_path
):
    await make_topics(bootstrap_servers, prefix)
    customer = {"object": "customer", "id": "cus_1", "email": "canary@example.com"}
    body = body_of(data={"object": customer}, secret="canary-in-the-body")
    now = int(time.time())
    good, stale = signature(body, at=now), signature(body, at=now - 400)
    wrong = signature(body, secret="whsec_wrong", at=now)
    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        answers = [await ingest.send(body, header) for header in (good, stale, wrong, "canary-sig")]
        nonsense = b"canary@example.com is no JSON"
        answers.append(await ingest.send(nonsense))
        texts = [await answer.text() + str(answer.headers) for answer in answers]
        texts += [(await ingest.get(path))[1] for path in ("/metrics", "/readyz", "/nothing")]
        ingest.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(ingest.process.wait)
    texts.append(ingest.log.read_text())
    for record in await read_log(bootstrap_servers, prefix):
        texts.append(repr((record.key, record.headers)))

    signatures = [header.split("v1=")[1] for header in (good, stale, wrong)]
    assert [answer.status for answer in answers] == [200, 400, 400, 400, 200]
    for canary in [SECRET, "canary", *signatures]:
        assert [text for text in texts if canary in text] == []


async def raw(port, request):
    """Bytes in, the status line out; empty when the server just hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    line = await reader.readline()
    writer.close()
    return line.split(b" ")[1] if line else b""


HEAD = b"POST /webhooks/stripe/main HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


async def test_requests_that_are_no_http_harm_nothing(prefix, tmp_path):
    """F13: the first of the corpus; more are in test_hostile_http.py."""
    async with running(tmp_path, f"127.0.0.1:{free_port()}", prefix) as ingest:
        statuses = [
            await raw(ingest.port, request)
            for request in (
                b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
                HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                HEAD + b"Content-Length: -1\r\n\r\n",
                HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
                HEAD + b"Stripe-Signature: " + b"v1=0," * 20_000 + b"\r\n\r\n",
                HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
            )
        ]
        alive = await ingest.get("/livez")

    assert all(status in {b"", b"400", b"413", b"431"} for status in statuses), statuses
    assert alive[0] == 200


async def test_a_body_that_outgrows_the_limit_is_cut_off_before_its_end(prefix, tmp_path):
    """F09: by the server itself."""
    chunk = b"40000\r\n" + b" " * 0x40000 + b"\r\n"
    async with running(tmp_path, f"127.0.0.1:{free_port()}", prefix) as ingest:
        status = await raw(ingest.port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 5)

    assert status == b"413"


async def test_a_port_that_is_taken_is_said_so(prefix, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    folder = tmp_path / "second"
    folder.mkdir()
    async with running(tmp_path, address, prefix) as first:
        second = start(folder, address, prefix, SUBFOLD_INGEST__PORT=str(first.port))
        code = await asyncio.to_thread(second.wait)

    assert code == 2
    assert f"cannot listen on 127.0.0.1:{first.port}" in (folder / "ingest.log").read_text()


async def test_what_has_begun_when_the_process_is_told_to_stop_is_finished(
    bootstrap_servers, prefix, tmp_path
):
    """F23: a body that was half read gets its 200."""
    await make_topics(bootstrap_servers, prefix)
    body, has_begun, may_end = body_of(), asyncio.Event(), asyncio.Event()

    async def slowly():
        # Asked for by "100 Continue" alone, so the door is reading now.
        has_begun.set()
        yield body[:10]
        await may_end.wait()
        yield body[10:]

    async with running(tmp_path, bootstrap_servers, prefix) as ingest:
        await ingest.until("/readyz", 200)
        header = signature(body, at=int(time.time()))
        begun = asyncio.create_task(ingest.send(slowly(), header, expect100=True))
        await has_begun.wait()
        ended = asyncio.create_task(ingest.stop())
        await ingest.until_closed()
        may_end.set()

        assert (await begun).status == 200
        assert await ended == 0

    assert [record.value for record in await read_log(bootstrap_servers, prefix)] == [body]
