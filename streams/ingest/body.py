"""Reads a request's body within its bounds: declared length, real length, encoding, type, time."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from streams.ingest.answers import Outcome, RefusedRequestError
from streams.log.topics import BODY_BYTES_MAX

READ_TIMEOUT_S = 10


def check_headers(request: Request) -> None:
    """Refuse by what the headers say, before a byte of the body is read.

    Raises:
        RefusedRequestError: Too large, or not plain JSON.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > BODY_BYTES_MAX:
        raise RefusedRequestError(Outcome.TOO_LARGE)
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusedRequestError(Outcome.CONTENT_TYPE)
    content_types = request.headers.getlist("content-type")
    if [word.partition(";")[0].strip().lower() for word in content_types] != ["application/json"]:
        raise RefusedRequestError(Outcome.CONTENT_TYPE)


async def read_body(request: Request, *, timeout_s: float = READ_TIMEOUT_S) -> bytes:
    """Read the whole body, holding no more of it than the limit and one chunk.

    Raises:
        RefusedRequestError: It is larger than allowed, too slow, or its sender left.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise RefusedRequestError(Outcome.TOO_LARGE)
    except TimeoutError:
        raise RefusedRequestError(Outcome.SLOW) from None
    except ClientDisconnect:
        raise RefusedRequestError(Outcome.LEFT) from None
    return bytes(body)
