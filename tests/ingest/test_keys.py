"""Keys of webhook records: where the customer is found, and what hostile bodies come to."""

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.keys import read_envelope
from streams.settings import Source
from stripe_side import body_of

ALL = Source(accounts=("*",), livemode=True, test=True)
INVALID = "main/-/-/-/invalid"


def key(body: bytes) -> str:
    return read_envelope(body, "main", ALL).key


def about(**thing: object) -> bytes:
    return body_of(data={"object": thing})


@pytest.mark.parametrize(
    ("thing", "customer"),
    [
        ({"object": "customer", "id": "cus_1"}, "cus_1"),
        ({"object": "customer", "id": "cus_1", "deleted": True}, "cus_1"),
        ({"object": "subscription", "id": "sub_1", "customer": "cus_1"}, "cus_1"),
        ({"object": "invoice", "customer": {"object": "customer", "id": "cus_1"}}, "cus_1"),
        ({"object": "subscription", "customer": None, "customer_account": "acct_7"}, "acct_7"),
        ({"object": "invoice", "customer": "cus_1"}, "cus_1"),
        ({"object": "price", "id": "price_1"}, "-/price_1"),
        ({"object": "charge", "id": "ch_1", "customer": None}, "-/ch_1"),
        ({"object": "coupon", "id": "25% off/now"}, "-/evt_1"),
        ({"object": "balance"}, "-/evt_1"),
    ],
)
def test_a_record_is_filed_under_the_customer_that_its_object_names(thing, customer):
    assert key(about(**thing)) == f"main/-/test/{customer}"


GONE = {"object": "payment_method", "id": "pm_1", "customer": None}


@pytest.mark.parametrize(
    ("type_", "thing", "previous", "customer"),
    [
        ("payment_method.detached", GONE, {"customer": "cus_1"}, "cus_1"),
        ("payment_method.detached", GONE | {"customer": "cus_2"}, {"customer": "cus_1"}, "cus_2"),
        ("payment_method.detached", GONE, {"customer": None}, "-/pm_1"),
        ("payment_method.detached", GONE, None, "-/pm_1"),
        ("customer.source.deleted", {"object": "card", "id": "c"}, {"customer": "cus_1"}, "cus_1"),
        ("payment_method.updated", GONE, {"customer": "cus_1"}, "-/pm_1"),
        ("charge.updated", GONE | {"object": "charge"}, {"customer": "cus_1"}, "-/pm_1"),
    ],
)
def test_what_left_a_customer_is_filed_under_the_one_it_left(type_, thing, previous, customer):
    data = {"object": thing, "previous_attributes": previous}

    assert key(body_of(type=type_, data=data)) == f"main/-/test/{customer}"


@pytest.mark.parametrize("previous", [{"customer": "a/b"}, {"customer": 7}, "cus_1"])
def test_a_former_customer_that_fits_no_key_makes_the_body_invalid(previous):
    data = {"object": GONE, "previous_attributes": previous}

    assert key(body_of(type="payment_method.detached", data=data)) == INVALID


def test_mode_and_connected_account_are_part_of_the_key():
    assert key(body_of(livemode=True, account="acct_9")) == "main/acct_9/live/cus_1"


def test_a_body_that_does_not_say_its_mode_is_test_data():
    body = orjson.loads(body_of())
    del body["livemode"]

    assert key(orjson.dumps(body)) == "main/-/test/cus_1"


@pytest.mark.parametrize(
    ("event", "customer"),
    [
        ({"related_object": {"id": "cus_1", "type": "customer"}}, "cus_1"),
        ({"related_object": {"id": "cus_1", "type": "customer"}, "context": "acct_9"}, "-/cus_1"),
        ({"related_object": {"id": "mtr_1", "type": "billing.meter"}}, "-/mtr_1"),
        ({"related_object": None}, "-/evt_1"),
    ],
)
def test_a_thin_event_is_filed_by_what_it_points_at(event, customer):
    body = body_of(object="v2.core.event", data=None, **event)

    assert key(body) == f"main/-/test/{customer}"


def test_the_envelope_is_read_for_the_record_headers():
    envelope = read_envelope(body_of(), "main", ALL)

    assert (envelope.event_id, envelope.event_type) == ("evt_1", "customer.subscription.updated")
    assert envelope.api_version == "2026-10-28.endive"


def test_a_type_that_stripe_invents_tomorrow_is_kept():
    body = body_of(type="v2.core.account[configuration.recipient].updated")

    assert read_envelope(body, "main", ALL).event_type.startswith("v2.core.account[")


@pytest.mark.parametrize(
    ("fields", "source", "foreign"),
    [
        ({}, Source(test=True), None),
        ({}, Source(test=False), "mode"),
        ({"livemode": True}, Source(livemode=True), None),
        ({"livemode": True}, Source(livemode=False, test=True), "mode"),
        ({"account": "acct_9"}, Source(test=True), "account"),
        ({"account": "acct_9"}, Source(test=True, accounts=("acct_9",)), None),
        ({"account": "acct_9"}, Source(test=True, accounts=("*",)), None),
        ({"account": "acct_9"}, Source(test=True, accounts=("acct_8",)), "account"),
    ],
)
def test_what_the_source_does_not_have_is_marked_foreign(fields, source, foreign):
    assert read_envelope(body_of(**fields), "main", source).foreign == foreign


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"\xff\xfe\x00", id="binary"),
        pytest.param(b"\xef\xbb\xbf" + body_of(), id="byte order mark"),
        pytest.param(body_of()[:-5], id="truncated"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, id="10,000 deep"),
        pytest.param(b'{"id":' * 2_000 + b"1" + b"}" * 2_000, id="objects 2,000 deep"),
        pytest.param(b'{"id": NaN}', id="NaN"),
        pytest.param(b"[1, 2]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"1" * 5_000, id="5,000 digits"),
        pytest.param(b"{}", id="empty object"),
        pytest.param(body_of(id=None), id="no event id"),
        pytest.param(body_of(id="evt/../1"), id="slashes in the event id"),
        pytest.param(body_of(id=["evt_1"]), id="event id is a list"),
        pytest.param(body_of(type=7), id="type is a number"),
        pytest.param(body_of(type="a\nb"), id="line feed in the type"),
        pytest.param(body_of(livemode="true"), id="mode is text"),
        pytest.param(body_of(account="acct_1/live/cus_2"), id="slashes in the account"),
        pytest.param(body_of(account=""), id="empty account"),
        pytest.param(body_of(data=None), id="no data"),
        pytest.param(body_of(data={"object": [1]}), id="object is a list"),
        pytest.param(about(customer="cus_1/../../x"), id="slashes in the customer"),
        pytest.param(about(customer="cus\x00"), id="NUL in the customer"),
        pytest.param(about(customer="c" * 256), id="long customer"),
        pytest.param(about(customer="ｃｕｓ"), id="letters of another width"),
        pytest.param(about(customer="-"), id="customer is our own dash"),
        pytest.param(about(customer=7), id="customer is a number"),
        pytest.param(about(customer={"id": {"id": "cus_1"}}), id="customer within a customer"),
        pytest.param(about(object="customer", id="cus 1"), id="space in the customer"),
    ],
)
def test_a_body_that_fits_no_key_is_filed_as_invalid(body):
    assert key(body) == INVALID


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["cus_1", "a/b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "object", "customer", "data", "account", "type"]) | st.text(),
            inner,
            max_size=6,
        )
    ),
)
WORDS = "[A-Za-z0-9_]{1,255}"
SHAPE = re.compile(rf"main/(-|{WORDS})/(live|test)/(-/)?{WORDS}")


@given(st.binary() | JSON.map(lambda value: repr(value).encode()))
def test_any_bytes_come_to_a_key_of_the_contract(body):
    assert key(body) == INVALID or SHAPE.fullmatch(key(body))


@given(data=JSON, account=JSON, livemode=JSON)
def test_any_event_comes_to_a_key_of_the_contract(data, account, livemode):
    body = body_of(data={"object": data}, account=account, livemode=livemode)

    assert key(body) == INVALID or SHAPE.fullmatch(key(body))


def clock_event(name: str = "ready", **fields: object) -> bytes:
    clock = {"object": "test_helpers.test_clock", "id": "clock_1", "frozen_time": 1_800_000_000}
    return body_of(type=f"test_helpers.test_clock.{name}", data={"object": clock}, **fields)


@pytest.mark.parametrize("name", ["advancing", "created", "deleted", "ready"])
def test_a_test_clock_concerns_many_customers(name):
    about_clock = read_envelope(clock_event(name), "main", ALL)

    assert (about_clock.key, about_clock.is_broadcast) == ("main/-/test/-/clock_1", True)


@pytest.mark.parametrize(
    "body",
    [
        clock_event("internal_failure"),
        clock_event(livemode=True),
        clock_event(account="acct_9"),
        body_of(type="account.updated", data={"object": {"object": "account", "id": "acct_9"}}),
        body_of(),
    ],
    ids=["failed", "live", "foreign", "account", "customer"],
)
def test_what_need_not_be_everywhere_is_stored_once(body):
    assert not read_envelope(body, "main", Source(livemode=True, test=True)).is_broadcast
