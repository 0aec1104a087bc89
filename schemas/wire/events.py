"""Envelopes: Stripe's snapshot event, what carries it, and what subfold fetched itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import StrictBool

from schemas.records import NO_CUSTOMER, Subject
from schemas.wire.types import Id, Seconds, Text, Wire

API_VERSION = "2026-10-28.endive"
"""Of all that is asked, and of the webhook endpoints that `subfold connect` makes."""
SNAPSHOT = "event"
THIN = "v2.core.event"
FETCHED = "subfold.fetched"


class EventData(Wire):
    """The object as it was when the event was made, and the old values of what changed."""

    object: dict[str, Any]
    previous_attributes: dict[str, Any] | None = None


class Event(Wire):
    """Stripe's snapshot event. `created` has whole seconds and is often tied."""

    id: Id
    type: Id
    created: Seconds
    data: EventData
    api_version: Text | None = None


class FetchedData(Wire):
    """The object as the API gave it."""

    object: dict[str, Any]


class Fetched(Wire):
    """A Stripe object that subfold fetched, as a record of the log and as a line of a file.

    `fetched_at` is when the request began, by Stripe's clock: the object is as new as that or
    newer. `connected_at` is since when events of this source come by themselves; what began before
    was there already. Without a customer it is stored, and no row reads it. Source:
    docs/contract.md, "Records of the log".
    """

    object: Literal["subfold.fetched"]
    kind: Literal["back_fill", "enrichment", "repair"]
    customer: Id | None
    livemode: StrictBool
    account: Text | None = None
    fetched_at: Seconds
    connected_at: Seconds | None = None
    api_version: Text | None = None
    data: FetchedData

    def subject(self, source: str) -> Subject:
        """The key of the record, for the source that it was fetched from."""
        mode = "live" if self.livemode else "test"
        customer = self.customer or f"{NO_CUSTOMER}/{self.data.object.get('id')}"
        return Subject(source, self.account or NO_CUSTOMER, mode, customer)


def unwrap(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take Stripe's event out of what carries it: EventBridge's `detail`, Event Grid's `data`.

    Source: https://docs.stripe.com/event-destinations/eventbridge and .../eventgrid.
    """
    if "object" in body:
        return body
    inner = body.get("detail") or (body.get("data") if "specversion" in body else None)
    return inner if isinstance(inner, dict) else body
