"""Reads one of Stripe's lists from where it was left, in parts after which the place is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial

from pydantic import BaseModel

from streams.source.lists import Listed
from streams.source.stripe_api import Call, Fields, GoneError, Page, StripeApi


class Reached(BaseModel):
    """How far one list is: its last object, when that was made, and how many there were.

    Where it is one list for each customer, cursor and time are the customer's, and `customers` are
    those that were gone through. `refused`: why the key may not read it.
    """

    cursor: str | None = None
    created: int | None = None
    objects: int = 0
    without_customer: int = 0
    customers: int = 0
    refused: str | None = None
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What comes together, and how far the list is once that is kept."""

    pages: tuple[Page, ...]
    reached: Reached


async def parts(
    api: StripeApi, listed: Listed, reached: Reached, since: int | None
) -> AsyncIterator[Part]:
    """Read a list to its end.

    Args:
        api: Asks Stripe.
        listed: Which list.
        reached: How far it was.
        since: Of history, only what was made from then on.

    Raises:
        StripeError: Stripe cannot be asked.
        ForbiddenError: The key may not read it.
    """
    v1, of_each = api.client.v1, listed.of_each
    call = v1.customers.list_async if of_each else listed.service(v1).list_async
    params = {} if of_each else listed.params
    oldest = since if listed.is_history and not of_each else None
    async for page in _pages(api, call, params, reached, since=oldest, is_dated=listed.is_dated):
        pages: tuple[Page, ...] = (page,)
        if of_each:
            pages = await _of_each(api, listed, [each for each in page.objects if of_each(each)])
        found = [thing for each in pages for thing in each.objects]
        last = page.objects[-1] if page.objects else {}
        reached = reached.model_copy(
            update={
                "cursor": last.get("id", reached.cursor),
                "created": last.get("created", reached.created),
                "objects": reached.objects + len(found),
                "without_customer": reached.without_customer
                + sum(listed.customer(each) is None for each in found),
                "customers": reached.customers + (len(page.objects) if of_each else 0),
                "is_done": not page.has_more,
            }
        )
        yield Part(pages=pages, reached=reached)
        if reached.is_done:
            return


async def _pages(
    api: StripeApi,
    call: Call,
    params: Fields,
    begun: Reached,
    *,
    since: int | None,
    is_dated: bool,
) -> AsyncIterator[Page]:
    cursor, created = begun.cursor, begun.created
    after = {"starting_after": cursor} if cursor else {}
    dated: Fields = {"gte": since} if since and is_dated else {}
    while True:
        try:
            words = {**params, **({"created": dated} if dated else {}), **after}
            async for page in api.pages(call, words):
                yield page if is_dated else _made_since(page, since or 0)
                created = page.objects[-1].get("created") if page.objects else created
        except GoneError:
            # Its last object was deleted meanwhile: from the time of that one on, all of its
            # second again; where no time can be named, all of it.
            after, dated = {}, {**dated, "lte": created} if is_dated else {}
        else:
            return


def _made_since(page: Page, since: int) -> Page:
    """What of a page is not older; the last page, where something is, for the newest come first."""
    objects = tuple(each for each in page.objects if each["created"] >= since)
    has_more = page.has_more and len(objects) == len(page.objects)
    return replace(page, objects=objects, has_more=has_more)


async def _of_each(api: StripeApi, listed: Listed, customers: list[Fields]) -> tuple[Page, ...]:
    """Ask for the lists of some customers at once, no faster than the limit."""
    call = listed.service(api.client.v1).list_async
    try:
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(_whole(api, partial(call, each["id"]), listed.params))
                for each in customers
            ]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return tuple(page for each in asked for page in each.result())


async def _whole(api: StripeApi, call: Call, params: Fields) -> list[Page]:
    """All pages of one customer's list; none of a customer that was deleted meanwhile."""
    try:
        return [page async for page in api.pages(call, params)]
    except GoneError:
        return []
