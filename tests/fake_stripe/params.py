"""Parameters as Stripe writes them: `created[gte]=1`, `expand[]=a`, `types[0]=b`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .errors import invalid
from .shelf import Span

BRACKETS = re.compile(r"\[([^\]]*)\]")
LIMIT_DEFAULT = 10
LIMIT_MAX = 100
Params = dict[str, Any]


def parse(pairs: Iterable[tuple[str, str]]) -> Params:
    """Put them together: names in brackets make dicts, numbers and nothing in them make lists."""
    found: Params = {}
    for name, value in pairs:
        head, *inner = name.split("[")[0], *BRACKETS.findall(name)
        if not inner:
            found[head] = value
        elif inner == [""] or inner[0].isdigit():
            found.setdefault(head, []).append(value)
        else:
            found.setdefault(head, {})[inner[0]] = value
    return found


def only(params: Params, known: Iterable[str]) -> None:
    """Refuse what Stripe does not know."""
    for name in params.keys() - {*known, "expand"}:
        raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")


def limit_of(params: Params) -> int:
    """How many are on a page."""
    limit = integer(params, "limit") if "limit" in params else LIMIT_DEFAULT
    if limit > LIMIT_MAX:
        raise invalid(f"This value must be less than or equal to {LIMIT_MAX}.", "limit")
    if limit < 1:
        raise invalid("This value must be greater than or equal to 1.", "limit")
    return limit


def integer(params: Params, name: str, of: str = "") -> int:
    """A whole number."""
    value = str(params[name])
    if not value.lstrip("-").isdigit():
        param = f"{of}[{name}]" if of else name
        raise invalid(f"Invalid integer: {value}", param, "parameter_invalid_integer")
    return int(value)


def span_of(params: Params, name: str = "created") -> Span:
    """The times that a filter such as `created[gte]` lets through, both ends in it."""
    if name not in params:
        return Span()
    given = params[name]
    if not isinstance(given, dict):
        at = integer(params, name)
        return Span(first=at, last=at)
    bounds = {each: integer(given, each, name) for each in given}
    firsts = [bounds[each] + (each == "gt") for each in ("gt", "gte") if each in bounds]
    lasts = [bounds[each] - (each == "lt") for each in ("lt", "lte") if each in bounds]
    return Span(first=max(firsts, default=None), last=min(lasts, default=None))
