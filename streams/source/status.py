"""How complete what we know of each account is, as its tasks have kept it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.times import iso_or_none
from streams.source import backfill, catch_up, reconcile
from streams.source.backfill import BackfillState
from streams.source.catch_up import CatchUpState
from streams.source.log_writer import read_state
from streams.source.proved import ReconcileState

TASKS = {backfill.TASK, catch_up.TASK, reconcile.TASK}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One account. Times are ISO 8601 and null before they came; ages are seconds.

    `backfill_percent` is null where none was begun; below 100 what we know is incomplete. `gaps`
    are times of which Stripe has no events any more; `is_gap_open` while no back-fill has told what
    they led to. `failing_since`: since then Stripe could not be asked for events, for `failure`.
    """

    account: str
    backfill_percent: int | None
    caught_up_until: str | None
    caught_up_events: int
    gaps: int
    is_gap_open: bool
    failing_since: str | None
    failure: str | None
    last_full_check_at: str | None
    oldest_unverified_age_s: int | None
    drift_open: int
    drift_found_24h: int
    is_last_check_broken: bool


def source_statuses(states: Mapping[str, bytes], now: int) -> list[SourceStatus]:
    """Read what each account's tasks have kept.

    Raises:
        SubfoldError: A newer release wrote it.
    """
    split = (key.rpartition("/") for key in states)
    return [_of(account, states, now) for account in sorted({a for a, _, t in split if t in TASKS})]


def _of(account: str, states: Mapping[str, bytes], now: int) -> SourceStatus:
    filled = read_state(BackfillState, states.get(f"{account}/{backfill.TASK}"))
    caught = read_state(CatchUpState, states.get(f"{account}/{catch_up.TASK}"))
    checked = read_state(ReconcileState, states.get(f"{account}/{reconcile.TASK}"))
    return SourceStatus(
        account=account,
        backfill_percent=int(100 * filled.share) if filled.started_at else None,
        caught_up_until=iso_or_none(caught.complete_until or None),
        caught_up_events=caught.appended,
        gaps=len(caught.gaps) + (caught.gap_since is not None),
        is_gap_open=caught.gap_since is not None,
        failing_since=iso_or_none(caught.failed_at),
        failure=caught.failure,
        last_full_check_at=iso_or_none(checked.last_full_check_at),
        oldest_unverified_age_s=checked.oldest_unverified_age_s(now),
        drift_open=checked.drift_open,
        drift_found_24h=checked.drift_found_24h(now),
        is_last_check_broken=checked.failed_at is not None,
    )
