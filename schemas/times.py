"""Unix seconds to RFC 3339 text in UTC, at the output edge."""

from __future__ import annotations

from datetime import UTC, datetime

YEAR_10000 = 253_402_300_800
"""The first second that has no date any more."""


def iso(seconds: int) -> str:
    """Write whole seconds, `2026-11-20T10:00:00Z`."""
    # A third of what `strftime` takes; every update and row writes a dozen of them.
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19] + "Z"


def iso_or_none(seconds: int | None) -> str | None:
    """Write whole seconds, or nothing where there is no time."""
    return None if seconds is None else iso(seconds)


def iso_ms(milliseconds: int) -> str:
    """Write milliseconds, `2026-11-20T10:00:02.120Z`."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{iso(seconds)[:-1]}.{rest:03d}Z"
