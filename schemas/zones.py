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
        near = _near(given)
        told = f"; did you mean {near!r}?" if near else "; names are such as 'Europe/Berlin'"
        raise ValueError(f"there is no time zone {given!r}{told}")
    return given


def _near(given: str) -> str | None:
    """The nearest name; `berlin` and `new york` are meant as cities."""
    names = {name.casefold(): name for name in zone_names()}
    cities = {folded.rsplit("/", 1)[-1]: name for folded, name in names.items()}
    wanted = given.casefold().replace(" ", "_")
    near = get_close_matches(wanted, [*names, *cities], n=1, cutoff=0.7)
    return (names | cities)[near[0]] if near else None


Zone = Annotated[str, AfterValidator(_known)]
