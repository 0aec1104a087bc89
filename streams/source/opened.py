"""An account that is asked: its API, checked once, and whose data it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from schemas.errors import SettingsError
from streams.settings import Source
from streams.source.fetched import Scope
from streams.source.stripe_api import StripeApi


class Asked(NamedTuple):
    """A source, or a connected account of it."""

    id: str
    source: Source
    account: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The account, open."""

    asked: Asked
    api: StripeApi
    scope: Scope


@asynccontextmanager
async def unasked(asked: Asked) -> AsyncIterator[StripeApi]:
    """Open an account without a first question; the connections are closed at the end.

    Raises:
        SettingsError: It has no key, or one of a mode that the source does not have.
    """
    if asked.source.api_key is None:
        raise SettingsError(
            f"source {asked.id} has no API key: set {key_variable(asked.id)}; a restricted key "
            "that may read is enough"
        )
    api = StripeApi(asked.source.api_key, asked.source.api_base, asked.account)
    try:
        _check_mode(asked, livemode=api.livemode)
        yield api
    finally:
        await api.close()


@asynccontextmanager
async def opened(asked: Asked) -> AsyncIterator[Opened]:
    """Open an account; the connections are closed at the end.

    Raises:
        SettingsError: It has no key, Stripe does not know it, or it is of a mode that the source
            does not have.
    """
    async with unasked(asked) as api:
        await api.now()
        yield Opened(asked=asked, api=api, scope=Scope(asked.id, asked.account, api.livemode))


def key_variable(id_: str) -> str:
    """The environment variables that may hold a source's API key, in words."""
    ours = f"SUBFOLD_SOURCES__{id_.upper()}__API_KEY"
    if id_ == "main":
        return f"STRIPE_API_KEY or {ours}, or either with _FILE"
    return f"{ours}, or {ours}_FILE"


def _check_mode(asked: Asked, *, livemode: bool) -> None:
    if not (asked.source.livemode if livemode else asked.source.test):
        mode, word = ("live", "livemode") if livemode else ("test", "test")
        raise SettingsError(
            f"source {asked.id}: its API key is one of {mode} mode, which the source does not "
            f"have: name another key, or write {word} = true"
        )
