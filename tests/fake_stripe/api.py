"""What is answered at which path."""

from __future__ import annotations

from collections.abc import Callable

from simulation.objects import Fields

from . import clocks
from .errors import invalid, missing, unknown_url
from .events import URL as EVENTS_URL
from .events import get_event, list_events
from .expand import expanded
from .lists import PAGING, cut, page_of, page_of_few
from .params import only, span_of
from .requested import Requested
from .resources import RESOURCES, Resource


def answer(request: Requested) -> Fields:
    """Answer a request that was let in.

    Raises:
        StripeError: What Stripe would answer instead.
    """
    head, *rest = request.path or ("",)
    special = SPECIAL.get((request.method, head)) or SPECIAL.get(("", head))
    found = special(request, rest) if special else None
    return _resource(request) if found is None else found


def _resource(request: Requested) -> Fields:
    """A list, or one object of it."""
    if request.method == "GET":
        resource = RESOURCES.get("/".join(request.path))
        if resource:
            return _list(request, resource)
        resource = RESOURCES.get("/".join(request.path[:-1]))
        if resource:
            return _retrieve(request, resource, request.path[-1])
    raise unknown_url(request.method, request.url)


def _list(request: Requested, resource: Resource) -> Fields:
    request.check(resource.permission)
    params = request.params
    only(params, (*PAGING, *resource.filters, *resource.spans))
    customer = params.get("customer")
    if customer and request.view.get("customer", customer) is None:
        raise missing("customer", customer, "customer", status=400)
    return page_of(
        request.view.shelves[resource.kind],
        params,
        kind=resource.kind,
        url=request.url,
        view=request.view,
        matches=resource.test(params),
        owner=customer,
        span=span_of(params) if "created" in resource.spans else span_of({}),
    )


def _retrieve(request: Requested, resource: Resource, id: str) -> Fields:
    request.check(resource.permission)
    only(request.params, ())
    thing = request.view.get(resource.kind, id)
    if thing is not None:
        return expanded(cut(thing), request.params.get("expand", []), request.view)
    if resource.kind == "customer" and id in request.view.shelves["customer"].deleted:
        return {"id": id, "object": "customer", "deleted": True}
    raise missing(resource.kind.rpartition(".")[2], id)


def _account(request: Requested, rest: list[str]) -> Fields:
    request.check("connected_account")
    account = request.account
    if rest not in ([], [account.id]):
        raise missing("account", rest[0])
    return account.written()


def _events(request: Requested, rest: list[str]) -> Fields:
    request.check("event")
    account, world = request.account, request.account.world
    view = world.view(account.generation)
    if not rest:
        return list_events(request.params, view, world.now, account.sender.pending)
    if len(rest) > 1:
        raise unknown_url("GET", f"{EVENTS_URL}/{'/'.join(rest)}")
    return get_event(rest[0], view, world.now, account.sender.pending)


def _webhook_endpoints(request: Requested, rest: list[str]) -> Fields:
    request.check("webhook")
    endpoints, params = request.account.endpoints, request.params
    match request.method, rest:
        case "GET", []:
            only(params, PAGING)
            things = [endpoints.written(each) for each in endpoints.all.values()][::-1]
            return page_of_few(
                things, params, kind="webhook_endpoint", url=request.url, view=request.view
            )
        case "POST", []:
            return endpoints.create(params, request.account.world.now)
        case "GET", [id]:
            return endpoints.written(endpoints.get(id))
        case "POST", [id]:
            return endpoints.update(id, params)
        case "DELETE", [id]:
            return endpoints.delete(id)
    raise unknown_url(request.method, request.url)


def _subscription_items(request: Requested, rest: list[str]) -> Fields:
    request.check("subscription")
    if rest:
        raise unknown_url("GET", request.url)
    only(request.params, (*PAGING, "subscription"))
    id = request.params.get("subscription")
    if not id:
        raise invalid("Missing required param: subscription.", "subscription", "parameter_missing")
    sub = request.view.get("subscription", id)
    if sub is None:
        raise missing("subscription", id, "subscription", status=400)
    return page_of_few(
        sub["items"]["data"],
        request.params,
        kind="subscription_item",
        url=request.url,
        view=request.view,
    )


def _lines(request: Requested, rest: list[str]) -> Fields | None:
    if rest[1:] != ["lines"]:
        return None
    request.check("invoice")
    id = rest[0]
    only(request.params, PAGING)
    invoice = request.view.get("invoice", id)
    if invoice is None:
        raise missing("invoice", id)
    return page_of_few(
        invoice["lines"]["data"],
        request.params,
        kind="line_item",
        url=request.url,
        view=request.view,
    )


def _payment_methods(request: Requested, rest: list[str]) -> Fields | None:
    """A customer's payment methods."""
    if rest[1:] != ["payment_methods"]:
        return None
    request.params["customer"] = rest[0]
    return _list(request, RESOURCES["payment_methods"])


def _delete_customer(request: Requested, rest: list[str]) -> Fields | None:
    if len(rest) != 1:
        return None
    id = rest[0]
    request.check("customer")
    if request.view.get("customer", id) is None:
        raise missing("customer", id)
    request.account.world.delete_customer(id)
    return {"id": id, "object": "customer", "deleted": True}


def _change_clock(request: Requested, rest: list[str]) -> Fields | None:
    match request.method, rest:
        case "POST", ["test_clocks"]:
            request.check("billing_clock")
            return clocks.create(request)
        case "POST", ["test_clocks", id, "advance"]:
            request.check("billing_clock")
            return clocks.advance(request, id)
        case "DELETE", ["test_clocks", id]:
            request.check("billing_clock")
            return clocks.delete(request, id)
    return None


SPECIAL: dict[tuple[str, str], Callable[[Requested, list[str]], Fields | None]] = {
    ("", "account"): _account,
    ("", "accounts"): _account,
    ("", "test_helpers"): _change_clock,
    ("", "webhook_endpoints"): _webhook_endpoints,
    ("DELETE", "customers"): _delete_customer,
    ("GET", "customers"): _payment_methods,
    ("GET", "events"): _events,
    ("GET", "invoices"): _lines,
    ("GET", "subscription_items"): _subscription_items,
}
"""By method (any, if none is said) and first word; None of them is: as with other resources."""
