"""Pages: `limit`, `starting_after`, `ending_before`, `has_more`; newest first.

Source: Stripe's API reference, "Pagination".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from simulation.objects import Fields

from .errors import invalid, missing
from .expand import expanded
from .params import Params, limit_of
from .shelf import ALL_TIME, Shelf, Span
from .view import View

PAGING = ("ending_before", "limit", "starting_after")
INNER_MAX = 10
INNER_LISTS = {"subscription": "items", "invoice": "lines"}


def page_of(
    shelf: Shelf,
    params: Params,
    *,
    kind: str,
    url: str,
    view: View,
    matches: Callable[[Fields], bool] = lambda _: True,
    owner: str | None = None,
    span: Span = ALL_TIME,
) -> Fields:
    """One page of a shelf, of what matches."""
    limit = limit_of(params)
    before, after = params.get("ending_before"), params.get("starting_after")
    if before and after:
        raise invalid("You may only specify one of these parameters: ending_before, starting_after")
    for name, id in (("ending_before", before), ("starting_after", after)):
        if id and shelf.get(id) is None:
            raise missing(kind, id, name, status=400)
    found: Iterable[Fields]
    if before:
        found = shelf.oldest_first(owner=owner, span=span, before=before)
    else:
        found = shelf.newest_first(owner=owner, span=span, after=after)
    some = list(islice((thing for thing in found if matches(thing)), limit + 1))
    things, has_more = some[:limit], len(some) > limit
    if before:
        things.reverse()
    return listed(things, params, url=url, view=view, has_more=has_more)


def page_of_few(things: list[Fields], params: Params, *, kind: str, url: str, view: View) -> Fields:
    """One page of a short list, in its own order."""
    shelf = Shelf()
    for thing in reversed(things):
        shelf.put({**thing, "created": 0, "customer": None})
    page = page_of(shelf, params, kind=kind, url=url, view=view)
    by_id = {thing["id"]: thing for thing in things}
    shown = [by_id[thing["id"]] for thing in page["data"]]
    return listed(shown, params, url=url, view=view, has_more=page["has_more"])


def listed(things: list[Fields], params: Params, *, url: str, view: View, has_more: bool) -> Fields:
    """The list object, with what is expanded in it: those paths begin with `data`."""
    inner = []
    for path in params.get("expand", []):
        head, _, rest = path.partition(".")
        if head != "data" or not rest:
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
        inner.append(rest)
    shown = [expanded(cut(thing), inner, view) for thing in things]
    return {"object": "list", "data": shown, "has_more": has_more, "url": url}


def cut(thing: Fields) -> Fields:
    """An object as it is sent: of a list in it, the first ten."""
    name = INNER_LISTS.get(thing["object"])
    inner = thing.get(name or "")
    if not inner or len(inner["data"]) <= INNER_MAX:
        return thing
    return thing | {name: inner | {"data": inner["data"][:INNER_MAX], "has_more": True}}
