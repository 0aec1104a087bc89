"""Makes or adopts the webhook endpoints of a source at Stripe, and takes them away again.

An endpoint's API version cannot be changed once it is made, and its secret is told once: one of
another version is adopted as it is, or another endpoint takes its place. That an endpoint is for
connected accounts Stripe does not show, so its metadata says it.

Source: Stripe's API reference, "Webhook Endpoints".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel

from schemas.wire.events import API_VERSION
from streams.fold.event_types import EVENT_TYPES
from streams.settings import Source
from streams.source.fetched import Scope
from streams.source.log_writer import read_state
from streams.source.stripe_api import Fields, ForbiddenError, GoneError, StripeApi

TASK = "connect"
EVENTS_OF = "subfold_events_of"
"""Key of an endpoint's metadata."""
EVENT_NAMES = sorted(EVENT_TYPES)


class Whose(StrEnum):
    """Whose events an endpoint gets."""

    OWN = "own"
    CONNECTED = "connected"


class ConnectState(BaseModel):
    """The connection of a source, kept without any secret. Times in Unix seconds."""

    connected_at: int = 0
    disconnected_at: int | None = None
    account: str = ""
    name: str = ""
    url: str = ""
    endpoints: list[str] = []

    @property
    def since(self) -> int:
        """Since when events come by themselves; 0 if they do not."""
        return 0 if self.disconnected_at else self.connected_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of the endpoints of one URL: `found` is adopted, or else one is made.

    `older` are of another API version, and go once the new one is known to work.
    """

    whose: Whose
    found: Fields | None
    older: tuple[Fields, ...] = ()


def key_of(scope: Scope) -> str:
    """Where the connection of a source is kept: one for its own and its connected accounts."""
    return f"{scope._replace(account=None)}/{TASK}"


def connection_in(states: Mapping[str, bytes], scope: Scope) -> ConnectState:
    """Find the connection of an account among all states that are kept."""
    return read_state(ConnectState, states.get(key_of(scope)))


def door_of(source: str) -> str:
    """The path of the door that a source's webhooks come to."""
    return f"/webhooks/stripe/{source}"


def door_url(url: str, source: str) -> str:
    """The address of the source's door, where only a host was named."""
    try:
        is_host = bool(urlsplit(url).netloc) and urlsplit(url).path in {"", "/"}
    except ValueError:
        return url
    return urljoin(url, door_of(source)) if is_host else url


def is_pinned(endpoint: Fields) -> bool:
    """Whether an endpoint's events come in the version that we ask for."""
    return bool(endpoint["api_version"] == API_VERSION)


async def account_of(api: StripeApi) -> tuple[str, str]:
    """Id and name of the account; two empty words where the key may not read them.

    Raises:
        StripeError: Stripe cannot be asked.
    """
    try:
        account = await api.retrieve(api.client.v1.accounts.retrieve_current_async)
    except ForbiddenError:
        return "", ""
    shown = ((account.get("settings") or {}).get("dashboard") or {}).get("display_name")
    return account["id"], shown or (account.get("business_profile") or {}).get("name") or ""


async def planned(api: StripeApi, source: Source, url: str, *, replaces: bool) -> list[Plan]:
    """See which endpoints there are, and say what becomes of them.

    Args:
        api: Of the source's own account.
        source: One with connected accounts has an endpoint for their events, too.
        url: Of the source's door.
        replaces: Whether one of another version is replaced.

    Raises:
        StripeError: Stripe cannot be asked.
    """
    pages = api.pages(api.client.v1.webhook_endpoints.list_async, {})
    there = [each async for page in pages for each in page.objects if each["url"] == url]
    wanted = [Whose.OWN, Whose.CONNECTED] if source.accounts else [Whose.OWN]
    return [
        _plan(whose, [each for each in there if _whose(each) == whose], replaces=replaces)
        for whose in wanted
    ]


def _whose(endpoint: Fields) -> str:
    return (endpoint.get("metadata") or {}).get(EVENTS_OF) or Whose.OWN


def _plan(whose: Whose, there: list[Fields], *, replaces: bool) -> Plan:
    pinned = [each for each in there if is_pinned(each)]
    older = tuple(each for each in there if not is_pinned(each))
    if replaces:
        return Plan(whose=whose, found=pinned[0] if pinned else None, older=older)
    return Plan(whose=whose, found=next(iter(pinned + list(older)), None))


async def carried_out(api: StripeApi, url: str, plan: Plan) -> Fields:
    """Adopt or make an endpoint; one that was made has its `secret` with it, this once.

    Raises:
        StripeError: Stripe cannot be asked, or refuses the address.
    """
    endpoints = api.client.v1.webhook_endpoints
    common = {"enabled_events": EVENT_NAMES, "metadata": {EVENTS_OF: plan.whose.value}}
    if plan.found:
        words = {**common, "disabled": False}
        return await api.retrieve(endpoints.update_async, plan.found["id"], words)
    words = {
        **common,
        "url": url,
        "api_version": API_VERSION,
        "connect": plan.whose is Whose.CONNECTED,
        "description": "subfold",
    }
    return await api.retrieve(endpoints.create_async, words)


async def taken_away(api: StripeApi, id_: str, *, deletes: bool) -> bool:
    """Disable an endpoint, or delete it; whether it was there.

    Raises:
        StripeError: Stripe cannot be asked.
    """
    endpoints = api.client.v1.webhook_endpoints
    try:
        if deletes:
            await api.retrieve(endpoints.delete_async, id_)
        else:
            await api.retrieve(endpoints.update_async, id_, {"disabled": True})
    except GoneError:
        return False
    return True
