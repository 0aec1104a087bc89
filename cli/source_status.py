"""How complete what we know of each account is, in words."""

from __future__ import annotations

from streams.source.status import SourceStatus


def words_of(status: SourceStatus) -> str:
    """One line for people."""
    percent = status.backfill_percent
    filled = "not back-filled: run `subfold backfill`"
    if percent is not None:
        filled = "back-filled" if percent == 100 else f"incomplete, {percent} %"  # noqa: PLR2004
    caught = "never caught up"
    if status.caught_up_until:
        caught = f"caught up until {status.caught_up_until}"
    if status.failing_since:
        caught = f"{caught}; FAILING since {status.failing_since}: {status.failure}"
    checked = "never checked against Stripe"
    if status.last_full_check_at:
        differ = "all was as Stripe says"
        if status.drift_open:
            differ = f"{status.drift_open} customers differed"
        checked = f"checked {status.last_full_check_at}: {differ}"
    if status.is_last_check_broken:
        checked = f"THE LAST CHECK BROKE OFF; the last whole one: {checked}"
    return f"{status.account}: {filled}; {caught}; {checked}"
