"""Whose data it is: a source, its own account or a connected one, live or test."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from schemas.records import NO_CUSTOMER, Kind
from schemas.wire.events import FETCHED, Fetched, FetchedData
from streams.log.records import log_headers
from streams.source.log_writer import Outgoing
from streams.source.stripe_api import API_VERSION, Fields


class Scope(NamedTuple):
    """`main/-/live` as text: what all keys of its records begin with."""

    source: str
    account: str | None
    livemode: bool

    def __str__(self) -> str:
        """As it begins keys."""
        return f"{self.source}/{self.account or NO_CUSTOMER}/{'live' if self.livemode else 'test'}"


def owner_of(thing: Fields) -> str | None:
    """Whose an object is, as the door would key it: a customer, or where there is none an account.

    Source: Stripe API reference, `customer_account` (Accounts v2).
    """
    if thing.get("object") == "customer":
        return str(thing["id"])
    owner = thing.get("customer") or thing.get("customer_account")
    owner = owner.get("id") if isinstance(owner, dict) else owner
    return owner if isinstance(owner, str) else None


def fetched_record(
    thing: Fields,
    *,
    customer: str | None,
    kind: Kind,
    scope: Scope,
    fetched_at: int,
    connected_at: int | None,
) -> Outgoing:
    """A fetched object as a record of the log. Source: docs/contract.md, "Records of the log"."""
    envelope = Fetched(
        object=FETCHED,
        kind=kind.value,
        customer=customer,
        livemode=scope.livemode,
        account=scope.account,
        fetched_at=fetched_at,
        connected_at=connected_at,
        api_version=API_VERSION,
        data=FetchedData(object=thing),
    )
    headers = log_headers(
        kind=kind,
        source=scope.source,
        event_id=f"{thing.get('id')}@{fetched_at}",
        event_type=f"fetched.{thing.get('object')}",
        api_version=API_VERSION,
        received_at_ms=fetched_at * 1000,
    )
    return Outgoing(
        key=str(envelope.subject(scope.source)),
        value=orjson.dumps(envelope.model_dump()),
        headers=headers,
    )
