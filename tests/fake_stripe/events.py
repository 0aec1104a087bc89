"""Events as they are listed: 30 days, newest first, in the shapes of the account's own version.

Source: Stripe's API reference, "List all events".
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from simulation.objects import DAY_S, Fields

from .errors import invalid, missing
from .lists import PAGING, cut, page_of
from .params import Params, only, span_of
from .shelf import Span
from .view import View

KEPT_S = 30 * DAY_S
TYPES_MAX = 20
URL = "/v1/events"


def list_events(params: Params, view: View, now: int, pending: Mapping[str, int]) -> Fields:
    """One page of the events of the last 30 days.

    Args:
        params: Of the request.
        view: In the account's own shapes.
        now: The world's time.
        pending: To how many endpoints an event has still to be delivered, by its id.
    """
    only(params, (*PAGING, "created", "delivery_success", "type", "types"))
    if "type" in params and "types" in params:
        raise invalid("You may only specify one of these parameters: type, types.", "types")
    types = params.get("types", [params["type"]] if "type" in params else [])
    if len(types) > TYPES_MAX:
        raise invalid(f"You may not specify more than {TYPES_MAX} event types.", "types")
    wanted = params.get("delivery_success")

    def matches(event: Fields) -> bool:
        if types and not any(fnmatchcase(event["type"], each) for each in types):
            return False
        return wanted is None or (pending.get(event["id"], 0) == 0) is (wanted == "true")

    span = span_of(params)
    first = max(now - KEPT_S, span.first or 0)
    page = page_of(
        view.events,
        params,
        kind="event",
        url=URL,
        view=view,
        matches=matches,
        span=Span(first=first, last=span.last),
    )
    return page | {"data": [shown(event, pending) for event in page["data"]]}


def get_event(id: str, view: View, now: int, pending: Mapping[str, int]) -> Fields:
    """One event, while it is kept."""
    event = view.events.get(id)
    if event is None or event["created"] < now - KEPT_S:
        raise missing("event", id)
    return shown(event, pending)


def shown(event: Fields, pending: Mapping[str, int]) -> Fields:
    """An event with how many endpoints have still to get it, its lists cut as in a webhook."""
    data = event["data"] | {"object": cut(event["data"]["object"])}
    return event | {"data": data, "pending_webhooks": pending.get(event["id"], 0)}
