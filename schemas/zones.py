"""Time zones by their IANA names, from the `tzdata` package: the same on every machine."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


@cache
def zone_names() -> tuple[str, ...]:
    """Every name that there is."""
    return tuple((files("tzdata") / "zones").read_text().split())


@cache
def zone_of(name: str) -> ZoneInfo:
    """A zone by its name, which must be one of `zone_names`."""
    with (files("tzdata") / "zoneinfo" / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _known(given: str) -> str:
    if given not in zone_names():
        near = get_close_matches(given, zone_names(), n=1)
        told = f"; did you mean {near[0]!r}?" if near else ", such as 'Europe/Berlin'"
        raise ValueError(f"there is no time zone {given!r} of that name{told}")
    return given


Zone = Annotated[str, AfterValidator(_known)]
