"""Stripe's API through Stripe's own client: one version, below the limits, patient, as JSON.

What comes back is kept as the JSON that it was: the log stores what Stripe said, not what a library
made of it. Source: docs.stripe.com/rate-limits, docs.stripe.com/error-low-level.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson
import stamina
import stripe
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from schemas.errors import SettingsError, SubfoldError
from schemas.wire.events import API_VERSION as API_VERSION

PER_SECOND = 20
"""Requests; Stripe allows 25 in a sandbox and to any one endpoint, and the account's own use comes
first."""
TIMEOUT_S = 30
RETRIES = 5
PAGE = 100
BUSY_TRIES, BUSY_WAIT_S = 12, 30.0

Fields = dict[str, Any]
Params = Mapping[str, Any]
Call = Callable[..., Awaitable[Any]]
"""A method of Stripe's client; its signature is the client's own."""


class StripeError(SubfoldError):
    """Stripe could not be asked, or refused."""


class InvalidError(StripeError):
    """Stripe does not take the question, and will not when it is asked again."""


class GoneError(InvalidError):
    """There is no such object, or not any more."""


class ForbiddenError(SettingsError):
    """The key is one that may not do this; Stripe's message names the permission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list; `fetched_at` is when the request began, by Stripe's clock."""

    objects: tuple[Fields, ...]
    fetched_at: int
    has_more: bool


class StripeApi:
    """One account, or a connected one of it, in the mode of its key.

    Args:
        secret: The API key.
        base: Address of the API; None for Stripe's.
        account: A connected account; None for the source's own.
    """

    def __init__(self, secret: SecretStr, base: str | None, account: str | None = None) -> None:
        key = secret.get_secret_value()
        self.livemode = "_test_" not in key
        self.account = account
        self._http = stripe.AIOHTTPClient(timeout=TIMEOUT_S)
        addresses = {"api": base} if base else {}
        self.client = stripe.StripeClient(
            key,
            stripe_account=account,
            stripe_version=API_VERSION,
            base_addresses=addresses,  # type: ignore[arg-type] # a TypedDict without its other keys
            max_network_retries=RETRIES,
            http_client=self._http,
        )
        self._limiter = AsyncLimiter(1, 1 / PER_SECOND)
        # The client itself tries again after all but 429, where Stripe leaves that to us, and
        # answers that break off in their middle.
        self._patient = stamina.AsyncRetryingCaller(
            attempts=BUSY_TRIES, wait_max=BUSY_WAIT_S, timeout=None
        ).on((stripe.RateLimitError, aiohttp.ClientError))
        self._ahead_s: float | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call] # as Stripe ships it

    async def now(self) -> int:
        """Stripe's time, or a little less: never more, or what is fetched would look too new."""
        if self._ahead_s is None:
            try:
                await self.retrieve(self.client.v1.accounts.retrieve_current_async)
            except ForbiddenError:
                # Not every restricted key can be given this right: stripe/stripe-node 2246.
                await self.retrieve(self.client.v1.events.list_async, {"limit": 1})
        # Of the running second nothing is sure: an event may come in it still.
        return int(time.monotonic() + (self._ahead_s or 0)) - 1

    async def pages(self, call: Call, params: Params) -> AsyncIterator[Page]:
        """Give the pages of a list, newest objects first.

        Raises:
            StripeError: Stripe cannot be asked; `GoneError` when the object of a cursor is gone.
        """
        fetched_at = await self.now()
        page = await self._asked(call, {"limit": PAGE, **params})
        while True:
            body = orjson.loads(page.last_response.body)
            objects = tuple(body["data"])
            yield Page(objects=objects, fetched_at=fetched_at, has_more=body["has_more"])
            if not body["has_more"]:
                return
            fetched_at = await self.now()
            page = await self._asked(page.next_page_async)

    async def retrieve(self, call: Call, *words: Any) -> Fields:
        """Ask for one object.

        Raises:
            StripeError: Stripe cannot be asked; `GoneError` when there is none.
        """
        answer = await self._asked(call, *words)
        found: Fields = orjson.loads(answer.last_response.body)
        return found

    async def _asked(self, call: Call, *words: Any) -> Any:
        try:
            answer = await self._patient(self._limited, call, *words)
        except stripe.StripeError as error:
            raise explained(error) from error
        except aiohttp.ClientError as error:
            raise StripeError("Stripe's answers break off: it cannot be reached") from error
        sent = parsedate_to_datetime(answer.last_response.headers["date"]).timestamp()
        self._ahead_s = sent - time.monotonic()
        return answer

    async def _limited(self, call: Call, *words: Any) -> Any:
        async with self._limiter:
            return await call(*words)


def explained(error: stripe.StripeError) -> SubfoldError:
    """Say in our words what Stripe's client met, and what to do about it."""
    if isinstance(error, stripe.AuthenticationError):
        return SettingsError("Stripe does not know the API key: it is wrong, expired or revoked")
    if isinstance(error, stripe.PermissionError):
        kind = SettingsError if error.code == "account_invalid" else ForbiddenError
        return kind(f"the API key may not do this: {error.user_message}")
    if isinstance(error, stripe.InvalidRequestError):
        refused = GoneError if error.code == "resource_missing" else InvalidError
        return refused(f"Stripe answered {error.http_status}: {error.user_message}")
    if isinstance(error, stripe.RateLimitError):
        return StripeError("Stripe answers 429 again and again: try later, or let others ask less")
    if isinstance(error, stripe.APIConnectionError):
        return StripeError("Stripe cannot be reached")
    return StripeError(f"Stripe answered {error.http_status}: {error.user_message}")
