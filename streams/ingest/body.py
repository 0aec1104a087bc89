"""Reads a request's body within its bounds: declared length, real length, encoding, type, time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from streams.ingest.answers import Outcome, RefusedRequestError
from streams.log.topics import BODY_BYTES_MAX, MIB

READ_TIMEOUT_S = 10
HELD_BYTES_MAX = 256 * MIB


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


class BodyReader:
    """Reads bodies, holding no more of them at once than `held_max` bytes.

    Strangers can send bodies too, slowly and many at a time: they must not fill the memory, nor
    take the places of those who have something to store.
    """

    def __init__(
        self, *, timeout_s: float = READ_TIMEOUT_S, held_max: int = HELD_BYTES_MAX
    ) -> None:
        self._timeout_s = timeout_s
        self._held_max = held_max
        self._held = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Read the whole body, and count it as held until the caller is done with it.

        Raises:
            RefusedRequestError: It is larger than allowed, too slow, its sender left, or too many
                others are held.
        """
        body = bytearray()
        try:
            await self._fill(body, request)
            yield bytes(body)
        finally:
            self._held -= len(body)

    async def _fill(self, body: bytearray, request: Request) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                async for chunk in request.stream():
                    body += chunk
                    self._held += len(chunk)
                    self._check(len(body))
        except TimeoutError:
            raise RefusedRequestError(Outcome.SLOW) from None
        except ClientDisconnect:
            raise RefusedRequestError(Outcome.LEFT) from None

    def _check(self, length: int) -> None:
        if length > BODY_BYTES_MAX:
            raise RefusedRequestError(Outcome.TOO_LARGE)
        if self._held > self._held_max:
            raise RefusedRequestError(Outcome.BUSY)
