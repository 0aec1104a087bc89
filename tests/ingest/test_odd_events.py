"""Events that are repeated, strange, fat or of somebody else: from the door into the fold."""

import asyncio
import json

import pytest

from behind_the_door import fold
from build import ANA, START, subscription, updated
from streams.pipeline import Outcome
from streams.settings import Source
from stripe_side import PLATFORM_SECRET, SECRET, ListLog, body_of, door_of, post, signed

LATER = START + 40 * 86_400


def as_sent(**fields):
    return json.dumps(updated(subscription(), **fields)).encode()


async def deliver(app, body):
    answer = await post(app, body, signed(body))
    assert answer.status == 200


async def test_an_event_that_comes_a_hundred_times_at_once_has_one_effect(app, log):
    """F14: every delivery is answered; 99 of them are duplicates that tell nothing."""
    body = as_sent(id="evt_1")
    await asyncio.gather(*(deliver(app, body) for _ in range(100)))

    folded = fold(log.records, at=LATER)

    assert folded.seen == {Outcome.FOLDED: 1, Outcome.DUPLICATE: 99}
    assert folded.effects[0] > 0
    assert set(folded.effects[1:]) == {0}


@pytest.mark.parametrize("others", [1, 700])
async def test_an_event_that_comes_again_after_weeks_changes_nothing(app, log, others):
    """F15: ids of few events are remembered, so the fold gives the same without remembering."""
    first = as_sent(id="evt_1", created=START)
    between = [as_sent(id=f"evt_b{n}", created=START + n * 3_600) for n in range(1, others + 1)]
    for body in (first, *between, first):
        await deliver(app, body)

    folded = fold(log.records, at=LATER)

    assert folded.effects[0] > 0
    assert folded.effects[-1] == 0
    assert folded.stored == fold(log.records[:-1], at=LATER).stored


async def test_a_thin_event_is_stored_and_ignored(app, log):
    """F16: Stripe's SDK raises on one; it points at an object and says nothing of it."""
    related = {"id": ANA, "type": "customer"}
    await deliver(app, body_of(object="v2.core.event", data=None, related_object=related))

    assert fold(log.records, at=LATER).seen == {Outcome.IGNORED: 1}


async def test_a_type_that_stripe_invents_tomorrow_is_stored_and_ignored(app, log):
    """F17: it stays in the log, with its type in a header, for a release that knows it."""
    await deliver(app, body_of(type="teleport.beamed"))

    assert log.records[0]["headers"]["event_type"] == b"teleport.beamed"
    assert fold(log.records, at=LATER).seen == {Outcome.IGNORED: 1}


async def test_customers_of_equal_id_in_two_accounts_have_two_rows(app, log):
    """F18: what a connected account says never touches the platform's own customer."""
    for body in (as_sent(id="evt_1"), as_sent(id="evt_2", account="acct_9")):
        headers = signed(body, secret=PLATFORM_SECRET)
        await post(app, body, headers, path="/webhooks/stripe/platform")

    assert set(fold(log.records, at=LATER).rows) == {
        f"platform/-/live/{ANA}",
        f"platform/acct_9/live/{ANA}",
    }


@pytest.mark.parametrize("mode", ["live", "test"])
async def test_data_of_a_mode_that_the_source_has_not_never_becomes_a_row(mode):
    """F07: answered with 200, so that Stripe does not go on for three days; never live MRR."""
    log = ListLog()
    has = Source(livemode=mode == "test", test=mode == "live", webhook_secrets=(SECRET,))
    await deliver(door_of(log, main=has), as_sent(livemode=mode == "live"))

    folded = fold(log.records, at=LATER)

    assert log.records[0]["headers"]["foreign"] == b"mode"
    assert (folded.seen, folded.rows) == ({Outcome.DEAD_LETTERED: 1}, {})


async def test_both_modes_of_a_source_are_kept_apart(app, log):
    """F07: one customer id, two rows; updates of test mode go to topics of their own."""
    for livemode in (True, False):
        await deliver(app, as_sent(livemode=livemode))

    assert set(fold(log.records, at=LATER).rows) == {f"main/-/live/{ANA}", f"main/-/test/{ANA}"}


async def test_a_fat_event_is_stored_whole_and_its_row_stays_thin(app, log):
    """F10: 900 KB that are signed: the row has what is mapped, the log has all."""
    rates = ["x" * 900] * 1_000
    fat = json.dumps(updated(subscription(default_tax_rates=rates), id="evt_1")).encode()
    for body in (as_sent(id="evt_1"), fat):
        await deliver(app, body)

    thin, row = fold(log.records[:1], at=LATER), fold(log.records[1:], at=LATER)

    assert len(fat) > 900_000
    assert log.records[1]["value"] == fat
    assert row.stored == thin.stored


async def test_metadata_beyond_what_stripe_allows_makes_a_dead_letter_and_no_row(app, log):
    """F10: Stripe's own limit is 50 keys of 500 characters; these would be 900 KB of a row."""
    metadata = {f"key_{n}": "x" * 500 for n in range(1_800)}
    await deliver(app, json.dumps(updated(subscription(metadata=metadata))).encode())

    folded = fold(log.records, at=LATER)

    assert (folded.seen, folded.rows) == ({Outcome.DEAD_LETTERED: 1}, {})


async def test_megabytes_that_nobody_signed_are_refused(app, log):
    """F10: 5 MB of metadata."""
    body = body_of(metadata={"a": "x" * 5 * 2**20})

    answer = await post(app, body, signed(body, secret="whsec_x"))

    assert answer.status == 413
    assert log.records == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff\xfe\x00", id="F08 no UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + as_sent(), id="F08 byte order mark"),
        pytest.param(as_sent()[:-5], id="F08 truncated"),
        pytest.param(b'{"id": "evt_1", "created": NaN}', id="F08 NaN"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, id="F08 10,000 deep"),
        pytest.param(b'{"id": ' + b"9" * 5_000 + b"}", id="F08 5,000 digits"),
        pytest.param(b'{"id": "evt_\\ud800"}', id="F08 half a letter"),
    ],
)
async def test_nonsense_that_is_signed_is_kept_and_becomes_a_dead_letter(app, log, body):
    await deliver(app, body)

    folded = fold(log.records, at=LATER)

    assert log.records[0]["value"] == body
    assert (folded.seen, folded.rows) == ({Outcome.DEAD_LETTERED: 1}, {})


async def test_of_a_key_that_stands_twice_door_and_fold_read_the_same_one(app, log):
    """F08: an event that names two customers must not be filed under one and folded into both."""
    twice = as_sent().replace(b'"customer": "cus_ana"', b'"customer": "cus_x", "customer": "cus_y"')
    await deliver(app, twice)

    assert twice.count(b"cus_") == 2
    assert list(fold(log.records, at=LATER).rows) == ["main/-/live/cus_y"]
