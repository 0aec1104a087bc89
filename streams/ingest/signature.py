"""Who may put something into the log: Stripe's signature over the raw body, and its age.

The comparison is Stripe's own (`WebhookSignature.verify_header`). Around it stands what the SDK
leaves open: timestamps from the future, headers built to be expensive, bodies that are no text, and
six families of exceptions on hostile input.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr
from stripe import SignatureVerificationError, WebhookSignature

TOLERANCE_S = 300
SIGNATURES_MAX = 8
HEADER_CHARS_MAX = 2048
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


class Refusal(StrEnum):
    """Why a request was not let in. Stands in logs and metrics, never in the answer."""

    MISSING = "signature_missing"
    MALFORMED = "signature_malformed"
    MISMATCH = "signature_mismatch"
    TOO_OLD = "timestamp_too_old"
    IN_FUTURE = "timestamp_in_future"


class RefusedError(Exception):
    """The request is not validly signed.

    Args:
        reason: The closed word for it.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Signed:
    """Which of the secrets signed a body, counted from 0, and when, in Unix seconds."""

    secret: int
    timestamp: int


def verify(body: bytes, headers: list[str], *, secrets: Iterable[SecretStr]) -> Signed:
    """Accept a body that one of the source's secrets signed, at whatever time.

    Args:
        body: The raw bytes.
        headers: Every `Stripe-Signature` header of the request; exactly one is right.
        secrets: All that are valid now; more than one while a secret is rolled.

    Raises:
        RefusedError: With the reason; nothing else, whatever the input.
    """
    timestamp, signatures = _read(headers)
    # Rebuilt from what was understood: the SDK sees no part that we have not checked.
    header = ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in signatures)])
    for place, secret in enumerate(secrets):
        if _is_signed(body, header, secret.get_secret_value()):
            return Signed(place, timestamp)
    raise RefusedError(Refusal.MISMATCH)


def check_age(signed: Signed, *, now: float) -> None:
    """Accept what was signed within five minutes of now, a time in Unix seconds.

    Comes after `verify`: an unsigned request must not learn what our clock says.

    Raises:
        RefusedError: It is too old, or from the future.
    """
    if signed.timestamp < now - TOLERANCE_S:
        raise RefusedError(Refusal.TOO_OLD)
    if signed.timestamp > now + TOLERANCE_S:
        raise RefusedError(Refusal.IN_FUTURE)


def _read(headers: list[str]) -> tuple[int, list[str]]:
    if not headers or not headers[0]:
        raise RefusedError(Refusal.MISSING)
    header = headers[0]
    if len(headers) > 1 or len(header) > HEADER_CHARS_MAX or not header.isascii():
        raise RefusedError(Refusal.MALFORMED)
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]):
        raise RefusedError(Refusal.MALFORMED)
    if not 1 <= len(signatures) <= SIGNATURES_MAX:
        raise RefusedError(Refusal.MALFORMED)
    return int(times[0]), signatures


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    if not secret.strip():
        return False
    try:
        return bool(WebhookSignature.verify_header(body, header, secret))
    except SignatureVerificationError:
        return False
    except UnicodeDecodeError:
        return _is_signed_binary(body, header, secret)


def _is_signed_binary(body: bytes, header: str, secret: str) -> bool:
    """Compare as the SDK does, for bytes that it cannot take: signed means stored, text or not."""
    time, *signatures = (part.split("=", 1)[1] for part in header.split(","))
    mac = hmac.new(secret.encode(), time.encode() + b"." + body, hashlib.sha256)
    return any(hmac.compare_digest(mac.hexdigest(), signature) for signature in signatures)
