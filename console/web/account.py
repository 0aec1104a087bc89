"""One account: all that is known of it now, what happened, why, and what Stripe sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import orjson
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.queries.account import account, settings_of
from console.queries.accounts import AccountLine, account_line
from console.queries.coming import coming
from console.queries.overdue import overdue
from console.queries.stripe_objects import kinds_of, objects_page, stored_object
from console.queries.timeline import EntryKind, timeline
from console.queries.why import why_mrr
from console.read_model.records import clean, seconds_or_none
from console.web.account_charts import mrr_charts
from console.web.accounts import offset_of
from console.web.dashboard import dashboard_url
from console.web.shell import console_of, render
from projections.mrr.words import CAVEATS, PENDING

PAGE = 50
BRIEF = 10
"""Entries where a page shows some and leads to all."""
INVOICE_WORDS = {
    "draft": "not yet due",
    "open": "due",
    "paid": "paid",
    "void": "void, not to be paid",
    "uncollectible": "written off",
}
"""What an invoice's amount is, by its status."""
BASE = "/accounts/{source}/{account}/{mode}/{customer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Objects that are shown together; without `kinds`, all that no other group has."""

    name: str
    title: str
    kinds: tuple[str, ...]


GROUPS = (
    Group(name="invoices", title="Invoices", kinds=("invoice",)),
    Group(name="payments", title="Payments", kinds=("charge", "payment_intent")),
    Group(name="refunds", title="Refunds", kinds=("refund",)),
    Group(name="disputes", title="Disputes", kinds=("dispute",)),
    Group(
        name="payment-methods",
        title="Payment methods",
        kinds=("payment_method", "card", "bank_account", "source", "setup_intent"),
    ),
    Group(name="credit-notes", title="Credit notes", kinds=("credit_note",)),
    Group(name="checkout-sessions", title="Checkout sessions", kinds=("checkout.session",)),
    Group(name="quotes", title="Quotes", kinds=("quote",)),
    Group(name="schedules", title="Schedules", kinds=("subscription_schedule",)),
    Group(name="subscriptions", title="Subscriptions", kinds=("subscription",)),
    Group(name="other", title="Everything else", kinds=()),
)
NAMED = frozenset(kind for group in GROUPS for kind in group.kinds)


def subject_of(request: Request) -> str:
    """The customer that the address names."""
    parts = (request.path_params[name] for name in ("source", "account", "mode", "customer"))
    return clean("/".join(parts))


def show(request: Request, template: str, line: AccountLine, **context: Any) -> Response:
    """Render a page of an account."""

    def dashboard(kind: str, id_: str) -> str:
        return dashboard_url(line.subject, kind, id_)

    return render(
        request,
        f"account/{template}",
        line=line,
        subject=line.subject,
        dashboard=dashboard,
        at=seconds_or_none,
        pending_words=PENDING,
        caveat_words=CAVEATS,
        **context,
    )


def line_of(connection: Connection, subject: str) -> AccountLine:
    """The account's line.

    Raises:
        HTTPException: 404.
    """
    line = account_line(connection, subject)
    if line is None:
        raise HTTPException(404, "No customer of this id is known here.")
    return line


def overview(request: Request) -> Response:
    """What matters now, and the newest of what happened."""
    console, subject = console_of(request), subject_of(request)
    with console.read_model.connect() as connection:
        found = account(connection, subject)
        if found is None:
            raise HTTPException(404, "No customer of this id is known here.")
        next_, kinds = coming(connection, subject, limit=BRIEF), kinds_of(connection, subject)
        newest = timeline(connection, subject, kind=None, limit=BRIEF)
        late = overdue(connection, subject, now=int(console.clock()))
    return show(
        request,
        "overview.html",
        found.line,
        found=found,
        row=found.row,
        charts=mrr_charts(found.mrr, found.stages, until=int(console.clock())),
        coming=next_,
        overdue=late,
        invoice_words=INVOICE_WORDS,
        timeline=newest,
        groups=_counted(kinds),
    )


def timeline_page(request: Request) -> Response:
    """Everything that happened."""
    subject, offset = subject_of(request), offset_of(request)
    asked = request.query_params.get("kind")
    kind: EntryKind | None = next((each for each in get_args(EntryKind) if each == asked), None)
    with console_of(request).read_model.connect() as connection:
        line = line_of(connection, subject)
        found = timeline(connection, subject, kind=kind, limit=PAGE, offset=offset)
    return show(
        request,
        "timeline.html",
        line,
        timeline=found,
        kind=kind,
        kinds=get_args(EntryKind),
        offset=offset,
        limit=PAGE,
    )


def objects(request: Request) -> Response:
    """Everything that Stripe sent: some of each group, or one group whole."""
    subject, offset = subject_of(request), offset_of(request)
    asked = request.query_params.get("group")
    with console_of(request).read_model.connect() as connection:
        line, kinds = line_of(connection, subject), kinds_of(connection, subject)
        groups = _counted(kinds)
        alone = any(group.name == asked for group, _ in groups)
        shown = [group for group, _ in groups if group.name == asked or not alone]
        pages = {
            group.name: objects_page(
                connection,
                subject,
                kinds=_kinds(group, kinds),
                limit=PAGE if alone else BRIEF,
                offset=offset if alone else 0,
            )
            for group in shown
        }
    return show(
        request,
        "objects.html",
        line,
        groups=groups,
        shown=shown,
        pages=pages,
        group=asked if alone else None,
        offset=offset,
        limit=PAGE,
    )


def one_object(request: Request) -> Response:
    """One object as Stripe sent it."""
    subject, id_ = subject_of(request), clean(request.path_params["id"])
    with console_of(request).read_model.connect() as connection:
        line, found = line_of(connection, subject), stored_object(connection, subject, id_)
    if found is None:
        raise HTTPException(404, "No object of this id is known of this customer.")
    body = orjson.dumps(found.body, option=orjson.OPT_INDENT_2).decode()
    return show(request, "object.html", line, found=found, body=body)


def why(request: Request) -> Response:
    """How the MRR comes about, step by step; and where to see why the stage."""
    subject = subject_of(request)
    with console_of(request).read_model.connect() as connection:
        found = account(connection, subject)
        if found is None:
            raise HTTPException(404, "No customer of this id is known here.")
        settings = settings_of(connection, found.row.settings_version)
    reasons = why_mrr(found.row, settings)
    return show(request, "why.html", found.line, row=found.row, why=reasons)


def _kinds(group: Group, there: Mapping[str, int]) -> tuple[str, ...]:
    return group.kinds or tuple(kind for kind in there if kind not in NAMED)


def _counted(there: Mapping[str, int]) -> list[tuple[Group, int]]:
    """Groups that have objects, and how many."""
    counted = (
        (group, sum(there.get(kind, 0) for kind in _kinds(group, there))) for group in GROUPS
    )
    return [(group, count) for group, count in counted if count]


routes = [
    Route(BASE, overview),
    Route(f"{BASE}/timeline", timeline_page),
    Route(f"{BASE}/objects", objects),
    Route(f"{BASE}/objects/{{id}}", one_object),
    Route(f"{BASE}/why", why),
]
