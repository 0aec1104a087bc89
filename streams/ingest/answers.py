"""What the door answers: closed outcomes, each with its status, and no details for strangers."""

from __future__ import annotations

from enum import StrEnum

import orjson
from starlette.responses import Response

RETRY_AFTER_S = "10"


class Outcome(StrEnum):
    """What became of a request; label of `subfold_webhook_requests_total`."""

    STORED = "stored"
    METHOD = "method"
    UNKNOWN_SOURCE = "unknown_source"
    TOO_LARGE = "too_large"
    CONTENT_TYPE = "content_type"
    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"
    API_KEY = "api_key"
    SLOW = "slow"
    LEFT = "left"
    BUSY = "busy"
    NOT_STORED = "not_stored"
    BUG = "bug"


_STATUS = {
    Outcome.STORED: 200,
    Outcome.METHOD: 405,
    Outcome.UNKNOWN_SOURCE: 404,
    Outcome.TOO_LARGE: 413,
    Outcome.CONTENT_TYPE: 415,
    Outcome.SIGNATURE: 400,
    Outcome.TIMESTAMP: 400,
    Outcome.API_KEY: 401,
    Outcome.SLOW: 408,
    # Heard only by a sender whose chunks make no sense; one who left hears nothing.
    Outcome.LEFT: 400,
    Outcome.BUSY: 503,
    Outcome.NOT_STORED: 503,
    # Our fault, so the event must come again: what cannot be stored is 503, whatever the reason.
    Outcome.BUG: 503,
}
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    503: "Service Unavailable",
}


class RefusedRequestError(Exception):
    """The request goes no further.

    Args:
        outcome: What becomes of it.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


def answer(outcome: Outcome) -> Response:
    """Answer with the outcome's status, as `application/problem+json` unless it was stored."""
    status = _STATUS[outcome]
    if outcome is Outcome.STORED:
        return Response(b'{"stored":true}', status, media_type="application/json")
    headers = {}
    if outcome is Outcome.METHOD:
        headers["Allow"] = "POST"
    if outcome is Outcome.API_KEY:
        headers["WWW-Authenticate"] = "ApiKey"
    if status == 503:  # noqa: PLR2004 - the status is its own name
        headers["Retry-After"] = RETRY_AFTER_S
    return problem(status, headers)


def problem(status: int, headers: dict[str, str] | None = None) -> Response:
    """Say no more than the status does (RFC 9457)."""
    content = {"type": "about:blank", "title": _TITLES.get(status, "Error"), "status": status}
    return Response(orjson.dumps(content), status, headers, "application/problem+json")
