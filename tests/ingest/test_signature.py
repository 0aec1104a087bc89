"""Who is let in: Stripe's signature over the raw body, five minutes both ways."""

import pytest
from pydantic import SecretStr

from streams.ingest.signature import Refusal, RefusedError, check_age, verify
from stripe_side import NOW, OLD_SECRET, SECRET, body_of, signature

BODY = body_of()
GOOD = signature(BODY).removeprefix(f"t={NOW},")


def refusal(body=BODY, headers=(), secrets=(SECRET,), now=NOW):
    """The reason, or None when it was let in."""
    try:
        signed = verify(body, list(headers), secrets=[SecretStr(secret) for secret in secrets])
        check_age(signed, now=now)
    except RefusedError as error:
        return error.reason
    return None


def test_a_body_that_stripe_signed_is_let_in():
    assert refusal(headers=[signature(BODY)]) is None


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"nonsense"])
def test_nonsense_that_is_validly_signed_is_let_in(body):
    assert refusal(body, [signature(body)]) is None


def test_binary_that_is_wrongly_signed_is_refused():
    header = signature(b"\xff\xfe", secret="whsec_of_another")

    assert refusal(b"\xff\xfe", [header]) is Refusal.MISMATCH


@pytest.mark.parametrize("changed", [BODY + b" ", BODY[:-1], BODY.replace(b"evt_1", b"evt_2")])
def test_one_changed_byte_is_refused(changed):
    """F02: compared in constant time, by Stripe's own code."""
    assert refusal(changed, [signature(BODY)]) is Refusal.MISMATCH


def test_another_secret_is_refused():
    assert refusal(headers=[signature(BODY, secret="whsec_other")]) is Refusal.MISMATCH


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_either_secret_is_good_while_it_is_rolled(secret):
    headers = [signature(BODY, secret=secret)]

    assert refusal(headers=headers, secrets=(SECRET, OLD_SECRET)) is None


def test_any_of_the_signatures_in_the_header_may_match():
    assert refusal(headers=[f"t={NOW},v1={'0' * 64},v0={'1' * 64},{GOOD}"]) is None


@pytest.mark.parametrize("secrets", [(), ("",), (" ",)])
def test_a_source_without_a_secret_lets_nothing_in(secrets):
    for body in (BODY, b"\xff"):
        headers = [signature(body, secret="".join(secrets))]

        assert refusal(body, headers, secrets) is Refusal.MISMATCH


@pytest.mark.parametrize(
    ("age", "reason"),
    [(300, None), (301, Refusal.TOO_OLD), (-300, None), (-301, Refusal.IN_FUTURE)],
)
def test_five_minutes_both_ways(age, reason):
    """F04, F05: Stripe's own code bounds the past alone."""
    assert refusal(headers=[signature(BODY, at=NOW - age)]) is reason


def test_an_unsigned_request_does_not_learn_our_time():
    header = f"t=1,v1={'0' * 64}"

    assert refusal(headers=[header]) is Refusal.MISMATCH


@pytest.mark.parametrize("headers", [[], [""]])
def test_no_signature_is_refused(headers):
    assert refusal(headers=headers) is Refusal.MISSING


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("xyz", id="no parts"),
        pytest.param(",,,", id="commas"),
        pytest.param("t=abc," + GOOD, id="time is no number"),
        pytest.param("t=," + GOOD, id="empty time"),
        pytest.param(f"t=-{NOW}," + GOOD, id="negative time"),
        pytest.param(f"t=+{NOW}," + GOOD, id="signed time"),
        pytest.param("t=1_800_000_000," + GOOD, id="time as Python writes it"),
        pytest.param(f"t={'9' * 5_000}," + GOOD, id="time of 5,000 digits"),
        pytest.param(GOOD, id="no time"),
        pytest.param(f"t={NOW},t={NOW}," + GOOD, id="two times"),
        pytest.param(f"t={NOW}", id="no signature"),
        pytest.param(f"t={NOW},v0={'0' * 64}", id="only v0"),
        pytest.param(f"t={NOW},v1=ü," + GOOD, id="not ASCII"),
        pytest.param(f"t={NOW}" + ",v1=0" * 10_000, id="10,000 signatures"),
        pytest.param(f"t={NOW}" + f",v1={'0' * 64}" * 9, id="nine signatures"),
        pytest.param(f"t={NOW},{GOOD},x={'y' * 64_000}", id="64 KB"),
    ],
)
def test_a_header_that_is_none_of_stripes_is_refused(header):
    """F03: as malformed, and never as a bug of ours."""
    assert refusal(headers=[header]) is Refusal.MALFORMED


def test_two_signature_headers_are_refused():
    assert refusal(headers=[signature(BODY), signature(BODY)]) is Refusal.MALFORMED
