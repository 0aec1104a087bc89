"""How times and accounts of Stripe are named in sentences. English, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_words(seconds: float) -> str:
    """Unix seconds to the minute, `25 Nov 2026, 19:12 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %b %Y, %H:%M UTC}"


def scope_words(scope: str) -> str:
    """`main/-/test` as `main · test mode`; a connected account stands between."""
    source, account, mode, *_ = scope.split("/")
    connected = () if account == "-" else (account,)
    return " · ".join((source, *connected, f"{mode} mode"))
