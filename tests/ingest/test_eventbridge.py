"""The way in for EventBridge: an API key of its own, the same bounds, the same answers."""

import json

import pytest

from ingest_process import read_log, running
from schemas.settings import SettingsInForce
from streams.event_files import Found
from streams.fold_files import Folding
from streams.log.topics import BODY_BYTES_MAX
from stripe_side import (
    EVENTBRIDGE_KEY,
    OLD_EVENTBRIDGE_KEY,
    SECRET,
    body_of,
    event,
    post,
    signature,
    signed,
)
from test_ingest_process import make_topics

MAIN = "/eventbridge/main"
JSON = ("content-type", "application/json; charset=utf-8")


def envelope(**fields):
    """As EventBridge sends an event of Stripe's partner source."""
    detail = event(**fields)
    return json.dumps(
        {
            "version": "0",
            "id": "c4e3b0a0-0000-4000-8000-000000000000",
            "detail-type": detail["type"],
            "source": "aws.partner/stripe.com/ed_test",
            "account": "123456789012",
            "region": "eu-central-1",
            "resources": [],
            "detail": detail,
        }
    ).encode()


def keyed(key=EVENTBRIDGE_KEY):
    return [JSON, ("x-api-key", key)]


BODY = envelope()


@pytest.mark.parametrize("key", [EVENTBRIDGE_KEY, OLD_EVENTBRIDGE_KEY])
async def test_an_envelope_is_stored_byte_for_byte_under_the_customer_of_its_event(app, log, key):
    answer = await post(app, BODY, keyed(key), path=MAIN)

    assert answer.status == 200
    [record] = log.records
    assert (record["key"], record["value"]) == ("main/-/test/cus_1", BODY)
    assert record["headers"]["kind"] == b"webhook"
    assert record["headers"]["event_id"] == b"evt_1"
    assert record["headers"]["event_type"] == b"customer.subscription.updated"


async def test_a_rule_that_hands_on_the_detail_alone_is_understood_too(app, log):
    await post(app, body_of(), keyed(), path=MAIN)

    assert log.records[0]["key"] == "main/-/test/cus_1"


async def test_an_event_that_comes_by_both_ways_is_one_event(app, log):
    customer = {"id": "cus_1", "object": "customer", "created": 1}
    fields = {"type": "customer.created", "created": 1, "data": {"object": customer}}
    bare = body_of(**fields)
    await post(app, bare, signed(bare))
    await post(app, envelope(**fields), keyed(), path=MAIN)
    folding = Folding(settings=SettingsInForce(version=1), source="main")

    for place, record in enumerate(log.records):
        list(folding.take(Found(place=str(place), body=record["value"])))

    assert [record["key"] for record in log.records] == ["main/-/test/cus_1"] * 2
    assert folding.outcomes == {"folded": 1, "duplicate": 1}


async def test_what_another_account_or_mode_claims_is_marked_foreign(app, log):
    await post(app, envelope(account="acct_9"), keyed(), path=MAIN)
    await post(app, envelope(livemode=True, account=None), keyed(), path="/eventbridge/main")

    assert log.records[0]["headers"]["foreign"] == b"account"
    assert [record["key"] for record in log.records] == [
        "main/acct_9/test/cus_1",
        "main/-/live/cus_1",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([JSON], id="no key"),
        pytest.param(keyed(""), id="empty"),
        pytest.param(keyed(EVENTBRIDGE_KEY[:-1]), id="one letter short"),
        pytest.param(keyed(EVENTBRIDGE_KEY + "x"), id="one letter long"),
        pytest.param(keyed(EVENTBRIDGE_KEY.upper()), id="capitals"),
        pytest.param(keyed("\xfc" * 40), id="not ASCII"),
        pytest.param(keyed("x" * 60_000), id="60 KB"),
        pytest.param([*keyed(), ("x-api-key", EVENTBRIDGE_KEY)], id="two keys"),
        pytest.param([JSON, ("authorization", f"Bearer {EVENTBRIDGE_KEY}")], id="another header"),
        pytest.param(keyed(SECRET), id="the webhook secret"),
        pytest.param(signed(BODY), id="Stripe's signature"),
    ],
)
async def test_only_its_own_key_opens_it(app, log, headers):
    answer = await post(app, BODY, headers, path=MAIN)

    assert answer.status == 401
    assert answer.body == b'{"type":"about:blank","title":"Unauthorized","status":401}'
    assert log.records == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(keyed(), id="as a key"),
        pytest.param([JSON, ("stripe-signature", EVENTBRIDGE_KEY)], id="as a signature"),
        pytest.param(
            [JSON, ("stripe-signature", signature(body_of(), secret=EVENTBRIDGE_KEY))],
            id="as a signing secret",
        ),
    ],
)
async def test_its_key_opens_no_other_way(app, log, headers):
    answer = await post(app, body_of(), headers)

    assert answer.status == 400
    assert log.records == []


@pytest.mark.parametrize("source", ["closed", "platform", "nobody", "main/", ""])
async def test_a_source_without_such_a_key_has_no_such_way(app, log, source):
    for headers in (keyed(), keyed(""), signed(BODY)):
        answer = await post(app, BODY, headers, path=f"/eventbridge/{source}")

        assert answer.status == 404
    assert log.records == []


async def test_a_stranger_is_refused_before_a_byte_is_read(app):
    async def body():
        raise AssertionError("read")
        yield b""

    assert (await post(app, body(), [JSON], path=MAIN)).status == 401


async def test_the_bounds_and_answers_are_those_of_webhooks(app, log):
    fat = BODY + b" " * (BODY_BYTES_MAX + 1 - len(BODY))

    too_large = await post(app, fat, keyed(), path=MAIN)
    packed = await post(app, BODY, [*keyed(), ("content-encoding", "gzip")], path=MAIN)
    text = await post(app, BODY, [("content-type", "text/plain"), *keyed()[1:]], path=MAIN)
    got = await post(app, BODY, keyed(), path=MAIN, method="GET")
    log.is_ready = False
    not_stored = await post(app, BODY, keyed(), path=MAIN)

    statuses = [each.status for each in (too_large, packed, text, got, not_stored)]
    assert statuses == [413, 415, 415, 405, 503]
    assert int(not_stored.headers["retry-after"]) > 0
    assert log.records == []


async def test_nonsense_that_comes_with_the_key_is_stored_as_what_is_signed_is(app, log):
    answer = await post(app, b"nonsense", keyed(), path=MAIN)

    assert answer.status == 200
    assert log.records[0]["key"] == "main/-/-/-/invalid"


async def test_the_key_stands_in_no_log_line_and_no_answer(app, log, capsys):
    answers = [
        await post(app, BODY, headers, path=MAIN)
        for headers in (keyed(), keyed("wrong-" + EVENTBRIDGE_KEY), [JSON])
    ]
    printed = capsys.readouterr()

    assert "api_key" in printed.out + printed.err
    for text in (printed.out, printed.err, *(str(answer) for answer in answers)):
        assert EVENTBRIDGE_KEY not in text


async def test_the_process_reads_its_key_from_a_file_and_stores(
    bootstrap_servers, prefix, tmp_path
):
    await make_topics(bootstrap_servers, prefix)
    (tmp_path / "key").write_text(EVENTBRIDGE_KEY + "\n")
    environ = {"SUBFOLD_SOURCES__MAIN__EVENTBRIDGE_SECRETS_FILE": str(tmp_path / "key")}
    async with running(tmp_path, bootstrap_servers, prefix, **environ) as ingest:
        await ingest.until("/readyz", 200)
        url = ingest.url + MAIN
        statuses = []
        for key in (EVENTBRIDGE_KEY, SECRET):
            async with ingest.session.post(url, data=BODY, headers=dict(keyed(key))) as answer:
                statuses.append(answer.status)
        metrics = (await ingest.get("/metrics"))[1]
        assert await ingest.stop() == 0

    assert statuses == [200, 401]
    assert [record.value for record in await read_log(bootstrap_servers, prefix)] == [BODY]
    assert 'subfold_webhook_requests_total{outcome="api_key",source="main"} 1.0' in metrics
    assert EVENTBRIDGE_KEY not in ingest.log.read_text() + metrics
