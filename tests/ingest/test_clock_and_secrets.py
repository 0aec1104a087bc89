"""What the door tells its operator: a clock that is wrong, a secret that nobody uses any more."""

import pytest
from prometheus_client import REGISTRY

from streams.ingest.entrances import SKEWS_MIN
from stripe_side import (
    EVENTBRIDGE_KEY,
    NOW,
    OLD_EVENTBRIDGE_KEY,
    OLD_SECRET,
    SECRET,
    body_of,
    door_of,
    post,
    signature,
    signed,
)

BODY = body_of()


async def ready(app):
    answer = await post(app, b"", [], path="/readyz", method="GET")
    return answer.status, answer.body.decode()


async def knock(app, times, *, at=NOW, secret=SECRET):
    return [
        (await post(app, BODY, signed(BODY, at=at, secret=secret))).status for _ in range(times)
    ]


@pytest.mark.parametrize(
    ("off_s", "status", "warning"),
    [
        pytest.param(0, 200, "", id="F05 right"),
        pytest.param(59, 200, "", id="F05 a little fast"),
        pytest.param(61, 200, "+61 s off", id="F05 fast"),
        pytest.param(-200, 200, "-200 s off", id="F05 slow"),
        # Where it matters most: all is refused, and the reason is this machine.
        pytest.param(-3_600, 400, "-3600 s off", id="F05 an hour slow"),
        pytest.param(3_600, 400, "+3600 s off", id="F04 an hour fast"),
    ],
)
async def test_ready_warns_of_a_clock_that_stripes_signatures_disagree_with(
    log, off_s, status, warning
):
    app = door_of(log, now=NOW + off_s)

    assert set(await knock(app, SKEWS_MIN)) == {status}
    assert (await ready(app))[0] == 200
    assert ("warning" in (await ready(app))[1]) == bool(warning)
    assert warning in (await ready(app))[1]


async def test_few_or_late_requests_are_no_wrong_clock(log):
    """F05: one that was held up on its way says nothing, nor do a minority of them."""
    app = door_of(log)
    await knock(app, SKEWS_MIN - 1, at=NOW - 250)
    assert await ready(app) == (200, "ok\n")

    await knock(app, SKEWS_MIN)

    assert await ready(app) == (200, "ok\n")


async def test_what_nobody_signed_says_nothing_of_our_clock(log):
    """F05: else any stranger could have the operator set a clock that is right."""
    app = door_of(log)
    await knock(app, SKEWS_MIN, at=NOW - 3_600, secret="whsec_of_a_stranger")

    assert await ready(app) == (200, "ok\n")


def used(entrance, place):
    labels = {"source": "main", "entrance": entrance, "secret": str(place)}
    return REGISTRY.get_sample_value("subfold_webhook_secrets_used_total", labels) or 0


@pytest.mark.parametrize(("secret", "place"), [(SECRET, 0), (OLD_SECRET, 1)])
async def test_it_shows_which_secret_is_still_used(app, secret, place):
    """F06: the old one can be taken out when it counts no more."""
    before = [used("webhooks", 0), used("webhooks", 1)]

    await knock(app, 3, secret=secret)

    before[place] += 3
    assert [used("webhooks", 0), used("webhooks", 1)] == before


@pytest.mark.parametrize(("key", "place"), [(EVENTBRIDGE_KEY, 0), (OLD_EVENTBRIDGE_KEY, 1)])
async def test_it_shows_which_key_of_eventbridge_is_still_used(app, key, place):
    """F06: as for webhook secrets."""
    before = used("eventbridge", place)
    headers = [("content-type", "application/json"), ("x-api-key", key)]

    await post(app, BODY, headers, path="/eventbridge/main")

    assert used("eventbridge", place) == before + 1


async def test_either_of_two_signatures_in_one_header_opens(app, log):
    """F06: while a secret is rolled, Stripe signs with both."""
    newest = signature(BODY, secret="whsec_that_is_not_here_yet")
    header = f"{newest},{signature(BODY, secret=OLD_SECRET).split(',')[1]}"

    answer = await post(
        app, BODY, [("content-type", "application/json"), ("stripe-signature", header)]
    )

    assert answer.status == 200
    assert len(log.records) == 1


def counted(outcome):
    labels = {"source": "main", "outcome": outcome}
    return REGISTRY.get_sample_value("subfold_webhook_requests_total", labels) or 0


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        pytest.param([("content-type", "application/json")], "signature", id="F01"),
        pytest.param(signed(BODY, secret="whsec_x"), "signature", id="F02"),
        pytest.param(signed(BODY, at=NOW - 301), "timestamp", id="F04"),
        pytest.param(signed(BODY, at=NOW + 301), "timestamp", id="F05"),
    ],
)
async def test_what_is_refused_is_counted(app, headers, outcome):
    before = counted(outcome)

    await post(app, BODY, headers)

    assert counted(outcome) == before + 1
