"""The door with a list for a log: what is stored, what is refused, and what strangers learn."""

import asyncio

import pytest
from prometheus_client import REGISTRY, generate_latest

from streams.log.topics import BODY_BYTES_MAX
from stripe_side import (
    NOW,
    OLD_SECRET,
    PARTITIONS,
    PLATFORM_SECRET,
    SECRET,
    body_of,
    post,
    signature,
    signed,
)

BODY = body_of()


async def test_a_signed_event_is_stored_byte_for_byte_with_key_and_headers(app, log):
    body = (
        b' {"livemode":false, "id":"evt_1","type":"x.y","data":{"object":{"customer":"cus_1"}}}\n'
    )

    answer = await post(app, body, signed(body))

    assert answer.status == 200
    assert log.records == [
        {
            "key": "main/-/test/cus_1",
            "value": body,
            "headers": {
                "kind": b"webhook",
                "encoding": b"json",
                "source": b"main",
                "event_id": b"evt_1",
                "event_type": b"x.y",
                "api_version": b"",
                "received_at": str(NOW * 1000).encode(),
            },
        }
    ]


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
async def test_both_secrets_open_the_door_while_one_is_rolled(app, log, secret):
    """F06: two configured secrets."""
    answer = await post(app, BODY, signed(BODY, secret=secret))

    assert answer.status == 200
    assert len(log.records) == 1


@pytest.mark.parametrize("body", [b"nonsense", b"", b"\xff\xfe\x00", b"[1]", b"[" * 9_000])
async def test_nonsense_that_is_signed_is_stored(app, log, body):
    """F08: it is kept as it came, under a key of its own."""
    answer = await post(app, body, signed(body))

    assert answer.status == 200
    assert [(record["key"], record["value"]) for record in log.records] == [
        ("main/-/-/-/invalid", body)
    ]


async def test_an_event_of_another_account_is_stored_and_marked(app, log):
    """F18: of an account that the source has not."""
    body = body_of(account="acct_9")

    answer = await post(app, body, signed(body))

    assert answer.status == 200
    assert log.records[0]["key"] == "main/acct_9/test/cus_1"
    assert log.records[0]["headers"]["foreign"] == b"account"


async def test_a_platform_keeps_its_connected_accounts_apart(app, log):
    """F18: the account is part of the key."""
    for body in (body_of(account="acct_9"), body_of()):
        headers = signed(body, secret=PLATFORM_SECRET)
        await post(app, body, headers, path="/webhooks/stripe/platform")

    assert [record["key"] for record in log.records] == [
        "platform/acct_9/test/cus_1",
        "platform/-/test/cus_1",
    ]


async def test_the_same_event_a_hundred_times_is_answered_and_stored_each_time(app, log):
    """F14: the door knows no event; that is for the fold."""
    answers = await asyncio.gather(*(post(app, BODY, signed(BODY)) for _ in range(100)))

    assert {answer.status for answer in answers} == {200}
    assert len(log.records) == 100


async def test_a_body_at_the_limit_is_stored(app, log):
    body = body_of(pad="x" * (BODY_BYTES_MAX - len(body_of(pad=""))))

    answer = await post(app, body, signed(body))

    assert len(body) == BODY_BYTES_MAX
    assert answer.status == 200


JSON = ("content-type", "application/json")
GOOD = ("stripe-signature", signature(BODY))


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(400, [JSON], id="F01 no signature"),
        pytest.param(400, [JSON, ("stripe-signature", "xyz")], id="F03 garbage"),
        pytest.param(400, [JSON, ("stripe-signature", "t=1,v1=\xfc")], id="F03 not ASCII"),
        pytest.param(400, [JSON, ("stripe-signature", "v1=0," * 10_000)], id="F03 50 KB"),
        pytest.param(400, signed(BODY + b" "), id="F02 another body"),
        pytest.param(400, signed(BODY, secret=PLATFORM_SECRET), id="F02 another source's secret"),
        pytest.param(400, signed(BODY, at=NOW - 301), id="F04 stale"),
        pytest.param(400, signed(BODY, at=NOW + 301), id="F05 from the future"),
        pytest.param(400, [JSON, GOOD, GOOD], id="F03 two signatures"),
        pytest.param(415, [GOOD], id="F12 no content type"),
        pytest.param(415, [("content-type", "text/json"), GOOD], id="F12 content type"),
        pytest.param(415, [JSON, JSON, GOOD], id="F12 two content types"),
        pytest.param(415, [JSON, GOOD, ("content-encoding", "gzip")], id="F09 gzip"),
        pytest.param(413, [JSON, GOOD, ("content-length", str(2**20 + 1))], id="F09 declared"),
        pytest.param(413, [JSON, GOOD, ("content-length", "9" * 5_000)], id="F09 absurd length"),
    ],
)
async def test_what_is_not_a_good_request_is_refused_and_leaves_no_trace(app, log, status, headers):
    answer = await post(app, BODY, headers)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert log.records == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
async def test_only_post_is_allowed(app, log, method):
    """F12: the answer says which method is."""
    answer = await post(app, BODY, signed(BODY), method=method)

    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert log.records == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/webhooks/stripe",
        "/webhooks/stripe/",
        "/webhooks/stripe/nobody",
        "/webhooks/stripe/other",
        "/webhooks/stripe/main/",
        "/webhooks/stripe/main/x",
    ],
)
async def test_there_is_nothing_behind_other_paths(app, log, path):
    """F12: nor behind paths that are nearly right."""
    answer = await post(app, BODY, signed(BODY), path=path)

    assert answer.status == 404
    assert log.records == []


async def test_a_source_without_a_secret_lets_nothing_in(app, log):
    answer = await post(app, BODY, signed(BODY, secret=""), path="/webhooks/stripe/closed")

    assert answer.status == 400
    assert log.records == []


async def test_an_answer_tells_strangers_nothing(app):
    """F01, F02, F04: all the same, byte for byte."""
    answers = [
        await post(app, BODY, headers)
        for headers in ([JSON], signed(BODY, at=1), signed(BODY, secret="whsec_x"))
    ]

    assert {answer.body for answer in answers} == {
        b'{"type":"about:blank","title":"Bad Request","status":400}'
    }


async def test_ready_says_whether_kafka_is_there_and_live_does_not(app, log):
    """F19: an orchestrator must not kill what only waits."""
    log.is_ready = False

    ready = await post(app, b"", [], path="/readyz", method="GET")
    live = await post(app, b"", [], path="/livez", method="GET")

    assert (ready.status, live.status) == (503, 200)


async def test_metrics_name_no_source_that_nobody_configured(app):
    await post(app, BODY, signed(BODY), path="/webhooks/stripe/made-up-by-a-stranger")

    metrics = await post(app, b"", [], path="/metrics", method="GET")

    assert b'{outcome="unknown_source",source="other"}' in metrics.body
    assert b"made-up" not in generate_latest()


CLOCK = body_of(
    type="test_helpers.test_clock.ready",
    data={"object": {"object": "test_helpers.test_clock", "id": "clock_1", "frozen_time": NOW}},
)


async def test_a_test_clock_is_stored_in_every_partition_and_counted_once(app, log):
    counted = stored_count()

    answer = await post(app, CLOCK, signed(CLOCK))

    assert answer.status == 200
    assert [(record["key"], record["headers"]["kind"]) for record in log.records] == [
        ("main/-/test/-/clock_1", b"broadcast")
    ] * PARTITIONS
    assert stored_count() == counted + 1


async def test_a_test_clock_that_only_some_partitions_have_comes_again(app, log):
    log.room = PARTITIONS - 1

    assert (await post(app, CLOCK, signed(CLOCK))).status == 503
    assert len(log.records) == PARTITIONS - 1


def stored_count():
    labels = {"source": "main", "outcome": "stored"}
    return REGISTRY.get_sample_value("subfold_webhook_requests_total", labels) or 0
