"""What a partition remembers beside its rows: the marker, the settings in force, the test clocks.

They stand in the changelog under reserved keys, written by the transaction whose rows they belong
to, so that they are true of exactly those rows. Source: docs/contract.md, "Rows and markers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.codec import NewerRowError, canonical
from schemas.settings import SettingsInForce
from streams.clocks import Clocks, ClockState

RESERVED = b"!"
"""First byte of keys that are no customer's; no subject starts so."""
MARKER_KEY = b"!marker"
SETTINGS_KEY = b"!settings"
CLOCKS_KEY = b"!clocks"
MARKER_VERSION = 1
CLOCKS_VERSION = 1
ACCEPTED = "accepted"
_STATES = TypeAdapter(dict[str, ClockState])


class Fate(StrEnum):
    """What became of a record; each record has exactly one. Stored in markers: never rename."""

    FOLDED = "folded"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"
    SETTINGS = "settings"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Where the fold of one partition stands.

    `counts` are of all records ever folded here: `accepted` is the sum of the others. `bad` says
    which of the last records are dead letters: see limit.py. `starts` and `tries` count what
    came to nothing at `next_offset`: see quarantine.py. While a replay writes rows of which nothing
    was left, `is_rebuilding` keeps workers out.
    """

    next_offset: int = 0
    settings_version: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    bad: str = ""
    is_rebuilding: bool = False
    starts: int = 0
    tries: int = 0

    @property
    def unaccounted(self) -> int:
        """Offsets passed that held no record: a record was lost, or somebody wrote transactions."""
        return self.next_offset - self.counts.get(ACCEPTED, 0)

    def after(
        self,
        *,
        next_offset: int,
        settings_version: int,
        fates: Mapping[Fate, int],
        bad: str | None = None,
    ) -> Marker:
        """The marker of the next transaction."""
        counts = dict(self.counts)
        for fate, count in fates.items():
            counts[fate.value] = counts.get(fate.value, 0) + count
        counts[ACCEPTED] = counts.get(ACCEPTED, 0) + sum(fates.values())
        return replace(
            self,
            next_offset=next_offset,
            settings_version=settings_version,
            counts=counts,
            bad=self.bad if bad is None else bad,
            starts=0,
            tries=0,
        )


def encode_marker(marker: Marker) -> bytes:
    """Write a marker as it stands in the changelog."""
    return canonical({"marker_version": MARKER_VERSION, "marker": marker})


def decode_marker(data: bytes) -> Marker:
    """Read what `encode_marker` wrote.

    Raises:
        NewerRowError: A newer release wrote it.
    """
    stored = orjson.loads(data)
    try:
        if stored["marker_version"] <= MARKER_VERSION:
            return Marker(**stored["marker"])
    except TypeError:  # a word of later
        pass
    raise NewerRowError("a partition's marker was written by a newer release: start that one")


def encode_settings(settings: SettingsInForce) -> bytes:
    """Write the settings that a partition folds with."""
    return settings.model_dump_json().encode()


def decode_settings(data: bytes) -> SettingsInForce:
    """Read what `encode_settings` wrote.

    Raises:
        NewerRowError: They hold words that this release does not know.
    """
    try:
        return SettingsInForce.model_validate_json(data)
    except ValidationError as error:
        raise NewerRowError(
            "a partition's settings were written by a newer release: start that one"
        ) from error


def encode_clocks(clocks: Clocks) -> bytes:
    """Write where the test clocks stand."""
    return canonical({"clocks_version": CLOCKS_VERSION, "clocks": dict(clocks.states)})


def decode_clocks(data: bytes) -> Clocks:
    """Read what `encode_clocks` wrote.

    Raises:
        NewerRowError: A newer release wrote it.
    """
    stored = orjson.loads(data)
    if stored["clocks_version"] > CLOCKS_VERSION:
        raise NewerRowError("test clocks were written by a newer release: start that one")
    return Clocks(_STATES.validate_python(stored["clocks"]))
